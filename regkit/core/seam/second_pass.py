"""The loss of a step at other values, as often as a technique asks, without side effects.

SAM asks at the GRADIENT stage for the loss at other weights, adversarial training at DATA for the
slope of the inputs, GradNorm for the loss of each task. Such a pass is the step's own, with its
draws; metrics, moving statistics, activity losses and techniques' state stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import keras
from keras import ops

from regkit.core.errors import AttachError
from regkit.core.seam.losses import loss_method
from regkit.core.seam.scope import Scope
from regkit.core.seam.step import Step
from regkit.core.services import Pairs
from regkit.core.stages import Batch
from regkit.types import Nest, Tensor

__all__ = ["StepServices"]


class StepServices(Step):
    """A step with what contexts ask of it: the `Services` of `regkit.core.context`."""

    @property
    def services(self) -> StepServices:
        """The step itself."""
        return self

    @property
    def step(self) -> Tensor | int:
        """The number of training steps before this one."""
        return self.number

    def read(self, variables: Sequence[keras.Variable]) -> list[Tensor]:
        """Return the values of variables at this place of the step."""
        return self.adapter.read(variables)

    def scope(self, pairs: Pairs) -> AbstractContextManager[object]:
        """Return a scope for `with_weights`."""
        self.runtime.require_keras(variable for variable, _ in pairs)
        return Scope(pairs, keep=True, model=self.model)

    def shadowed(
        self, target: object, name: str, change: Callable[[Any], Any]
    ) -> AbstractContextManager[object]:
        """Return a scope in which an attribute is `change(attribute)`."""
        return self.runtime.shadows.changed(target, name, change)

    def loss(self, label: str, batch: Batch, pairs: Pairs, output: str | None) -> Tensor:
        """Return the loss at other values; see `Context.loss_fn`."""
        if output is None:
            return self._loss_at(label, batch, pairs)
        tasks = self._tasks_at(label, batch, pairs)
        if output not in tasks:
            raise AttachError(f"no output is called {output!r}; there are {', '.join(tasks)}")
        return tasks[output]

    def outputs(self, label: str, x: Nest, pairs: Pairs) -> Any:
        """Return the model's outputs at other values; see `Context.outputs`."""
        with self._pass(label, pairs):
            return self.model(self.batch.x if x is None else x, **self._training())

    def task_losses(self, label: str, pairs: Pairs) -> dict[str, Tensor]:
        """Return the weighted loss of each output; see `Context.task_losses`."""
        return self._tasks_at(label, Batch(None), pairs)

    def value_and_grad(self, function: Callable[[Any], Tensor], at: Nest) -> tuple[Tensor, Any]:
        """Return a function's value and gradient; see `Context.value_and_grad`."""
        with Scope(self.values):  # a scope of Keras' own, while it differentiates, has no scale
            scale = self.loss_scale()
        with self.reading():
            flat = [ops.convert_to_tensor(value) for value in keras.tree.flatten(at)]

            def scaled(values: list[Tensor]) -> Tensor:
                return function(keras.tree.pack_sequence_as(at, values)) * scale

            value, slopes = self.adapter.value_and_grad(scaled, flat)
            slopes = [
                ops.zeros_like(place) if slope is None else self.adapter.dense(slope) / scale
                for slope, place in zip(slopes, flat, strict=True)
            ]
        return value / scale, keras.tree.pack_sequence_as(at, slopes)

    def _tasks_at(self, label: str, batch: Batch, pairs: Pairs) -> dict[str, Tensor]:
        tasks: dict[str, Tensor] = {}
        self._loss_at(label, batch, pairs, tasks)
        return tasks

    def _loss_at(
        self, label: str, batch: Batch, pairs: Pairs, tasks: dict[str, Tensor] | None = None
    ) -> Tensor:
        own = self.batch
        x = own.x if batch.x is None else batch.x
        y = own.y if batch.y is None else batch.y
        weight = own.sample_weight if batch.sample_weight is None else batch.sample_weight
        outer, self.tasks = self.tasks, tasks  # a penalty of the pass may ask for the loss itself
        try:
            with self._pass(label, pairs):
                y_pred = self.model(x, **self._training())
                return loss_method(self)(x, y, y_pred, weight)
        finally:
            self.tasks = outer

    def _training(self) -> dict[str, bool]:
        return {"training": True} if self.model._call_has_training_arg else {}

    @contextmanager
    def _pass(self, label: str, pairs: Pairs) -> Iterator[None]:
        """Run one more pass with other values of weights, and leave no trace of it."""
        self.runtime.require_keras(variable for variable, _ in pairs)
        with _traceless(self, label), self.reading(), Scope(pairs):
            yield


@contextmanager
def _traceless(step: Step, label: str) -> Iterator[None]:
    """Draw what the first pass draws, record nothing, put losses back."""
    model, outer = step.model, step.asking
    step.asking = frozenset({label}) | (outer or frozenset())
    put_back = step.rewind(but=label)
    layers = model._flatten_layers()
    kept = [(list(layer._losses), set(layer._loss_ids)) for layer in layers]
    override, model._losses_override = model._losses_override, []
    try:
        with _global_generator_kept():
            yield
    finally:
        step.asking = outer
        put_back()
        for layer, (losses, ids) in zip(layers, kept, strict=True):
            layer._losses[:] = losses
            layer._loss_ids.clear()
            layer._loss_ids.update(ids)
        model._losses_override = override


@contextmanager
def _global_generator_kept() -> Iterator[None]:
    """Put back PyTorch's own generator, from which Keras' Dropout without a seed draws there.

    So all passes of a step but the first see the same noise, and the next step sees what it would.
    """
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    if torch.compiler.is_compiling():
        yield
        return
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        yield
