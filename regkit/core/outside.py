"""The mathematics of a technique outside of any fit: in a layer, a pipeline, a preview, a test.

A stage method takes its value and a `Context`; here is a context that no step stands behind. It has
draws, a step number and strengths. What only a fit has (the loss, its gradients, other weights in
the layers) it refuses in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import keras

from regkit.core.at_data import run_data
from regkit.core.context import Context
from regkit.core.draws import Draws, base_key
from regkit.core.draws_of_examples import DrawsOfExamples
from regkit.core.errors import AttachError
from regkit.core.method import Method
from regkit.core.plan import Plan, Turn
from regkit.core.stages import Batch, Stage
from regkit.core.state import State
from regkit.types import Tensor

__all__ = ["changed_batch", "changed_examples", "context_outside"]


class _Outside:
    """The `Services` of a context without a step."""

    def __init__(self, batch: Batch, step: Tensor | int) -> None:
        self.batch, self.step = batch, step

    @property
    def model(self) -> keras.Model:
        """Refuse: there is none."""
        self._refuse("the model")

    def read(self, variables: Sequence[keras.Variable]) -> list[Tensor]:
        """Return the values of variables."""
        return [variable.value for variable in variables]

    def scope(self, *args: object) -> NoReturn:
        """Refuse to change weights of layers."""
        self._refuse("layers with other weights")

    def shadowed(self, *args: object) -> NoReturn:
        """Refuse to change attributes of layers."""
        self._refuse("layers with other attributes")

    def loss(self, *args: object) -> NoReturn:
        """Refuse: there is none."""
        self._refuse("the loss")

    def outputs(self, *args: object) -> NoReturn:
        """Refuse: there are none."""
        self._refuse("the model's outputs")

    def task_losses(self, *args: object) -> NoReturn:
        """Refuse: there are none."""
        self._refuse("the losses of the tasks")

    def value_and_grad(self, function: Callable[[Any], Tensor], at: object) -> NoReturn:
        """Refuse: only a fit differentiates."""
        self._refuse("gradients")

    def _refuse(self, what: str) -> NoReturn:
        raise AttachError(
            f"a technique asks for {what}, which there is in model.fit only; add it to callbacks="
        )


def context_outside(
    draws: Draws, batch: Batch | None = None, step: Tensor | int = 0, label: str = ""
) -> Context:
    """Return a context for a stage method that is called outside of a fit.

    Args:
        draws: The random numbers.
        batch: What `context.batch` is; by default one without inputs.
        step: The number of the step, for schedules.
        label: Of the technique, in errors.

    Example:
        >>> context = context_outside(Draws(1, 0), step=3)
        >>> context.value(0.5), int(context.step)
        (0.5, 3)
    """
    services = _Outside(Batch(None) if batch is None else batch, step)
    return Context(services, label, draws, State({}, lambda value: value), {}, [], {})


def changed_batch(
    technique: Method | Iterable[Method],
    batch: Batch,
    *,
    step: Tensor | int = 0,
    seed: int = 0,
) -> Batch:
    """Return what a technique, or a recipe, makes of a batch at DATA, as in that step of a fit.

    Args:
        technique: One that acts at DATA, or several, of which those do that act there.
        batch: Inputs and, where it needs them, targets.
        step: The number of the step.
        seed: The seed, where a technique has none of its own.

    Raises:
        AttachError: where none acts at DATA, or one asks for what only a fit has.

    Example:
        >>> import numpy as np
        >>> import regkit
        >>> batch = Batch(np.zeros((4, 2), "float32"))
        >>> noisy = changed_batch(regkit.GaussianNoise(0.1, seed=1), batch)
        >>> tuple(noisy.x.shape), bool(np.any(keras.ops.convert_to_numpy(noisy.x)))
        ((4, 2), True)
    """
    techniques = [technique] if isinstance(technique, Method) else list(technique)
    if not any(Stage.DATA in one.stages() for one in techniques):
        who = repr(technique) if isinstance(technique, Method) else f"none of {techniques!r}"
        does = "does not act" if isinstance(technique, Method) else "acts"
        raise AttachError(f"{who} {does} at DATA, so it changes no batch")
    return _changed(techniques, batch, step, seed, lambda base: Draws(base, step, int(Stage.DATA)))


def changed_examples(
    techniques: Sequence[Method],
    batch: Batch,
    examples: Tensor,
    *,
    epoch: Tensor | int = 0,
    seed: int = 0,
) -> Batch:
    """Return what techniques make of examples at DATA, of each by itself: it depends on no other.

    Args:
        techniques: Those of which some act at DATA.
        batch: Inputs and, where they are needed, targets.
        examples: int32 of shape (batch,), the number of each example.
        epoch: The number of the pass over the data.
        seed: The seed, where a technique has none of its own.

    Raises:
        AttachError: where one mixes examples, or asks for what only a fit has.

    Example:
        >>> import numpy as np
        >>> import regkit
        >>> noise, x = [regkit.GaussianNoise(0.1)], np.zeros((2, 3), "float32")
        >>> both = changed_examples(noise, Batch(x), np.array([4, 8])).x
        >>> alone = changed_examples(noise, Batch(x[:1]), np.array([8])).x
        >>> bool(keras.ops.all(alone == both[1:]))
        True
    """

    def draws_of(base: int) -> Draws:
        return DrawsOfExamples(base, epoch, keras.ops.convert_to_tensor(examples), int(Stage.DATA))

    return _changed(techniques, batch, epoch, seed, draws_of)


def _changed(
    techniques: Sequence[Method],
    batch: Batch,
    step: Tensor | int,
    seed: int,
    draws_of: Callable[[int], Draws],
) -> Batch:
    batch = batch.replace(x=keras.tree.map_structure(_tensor, batch.x))
    contexts: dict[str, Context] = {}

    def context_of(turn: Turn) -> Context:
        entry = turn.entry
        if entry.label not in contexts:
            own = entry.technique.own_seed
            base = base_key(seed if own is None else own, entry.word, entry.occurrence)
            contexts[entry.label] = context_outside(draws_of(base), batch, step, entry.label)
        return contexts[entry.label]

    return run_data(Plan(techniques).turns(Stage.DATA), batch, context_of)


def _tensor(x: object) -> Any:
    return None if x is None else keras.ops.convert_to_tensor(x)
