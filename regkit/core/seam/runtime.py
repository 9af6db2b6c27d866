"""A plan resolved on a model: which layers and weights each technique means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from regkit.core import draws, schedules
from regkit.core.errors import AttachError, ConflictError
from regkit.core.options import Layers, constraints
from regkit.core.plan import Member, Plan
from regkit.core.seam.patch import Shadows
from regkit.core.select import layers_matching
from regkit.core.stages import Stage
from regkit.ops.precision import wide

__all__ = ["Runtime"]

_WEIGHTED = (Stage.DATA, Stage.TARGET, Stage.PENALTY, Stage.GRADIENT, Stage.UPDATE)


class Runtime:
    """What the frames of one fit share.

    Attributes:
        model: The user's model.
        plan: The techniques, ordered.
        members: Those that act inside the step.
        place: The position of each label among them.
        at: The members at each stage.
        layers: At FORWARD, the members around each layer's call, innermost first.
        recomputed: The layers that Keras may run again for their gradient (`keras.RematScope`).
        weights: The variables of each member, by label.
        shadows: What is shadowed on the model at the moment.
    """

    def __init__(self, model: keras.Model, plan: Plan, shadows: Shadows) -> None:
        self.model = model
        self.rebind(plan, shadows)

    def rebind(self, plan: Plan, shadows: Shadows) -> None:
        """Take a plan of equal techniques, so that a compiled step serves new objects."""
        self.plan, self.shadows = plan, shadows
        self.members = plan.inside()
        self.place = {member.label: k for k, member in enumerate(self.members)}
        self.at: dict[Stage, list[Member]] = {stage: plan.at(stage) for stage in Stage}
        self.penalties = [f"{member.label}_penalty" for member in self.at[Stage.PENALTY]]
        # At TARGET these follow what they did to the batch at DATA.
        self.follows = {
            member.label for member in self.at[Stage.TARGET] if member in self.at[Stage.DATA]
        }
        self.resolved = False

    def resolve(self) -> None:
        """Find the layers and weights, and let each technique check the model.

        Raises:
            SelectionError, ConflictError, AttachError: before any step has run.
        """
        self._refuse_average()
        self.layers: dict[int, tuple[keras.layers.Layer, list[Member]]] = {}
        self.weights: dict[str, list[keras.Variable]] = {}
        for member in self.members:
            member.technique.check(self.model)
            stages = member.technique.stages()
            needs_weights = any(stage in stages for stage in _WEIGHTED) or hasattr(
                member.technique, "weights"
            )
            self.weights[member.label] = (
                member.technique.select_weights(self.model) if needs_weights else []
            )
        for member in self.at[Stage.FORWARD]:
            for layer in member.technique.select_layers(self.model):
                self.layers.setdefault(id(layer), (layer, []))[1].append(member)
        for layer, members in self.layers.values():
            _refuse_rivals(layer, members)
        layers = self.model._flatten_layers() if self.layers else ()
        self.recomputed = [one for one in layers if getattr(one, "_remat_mode", None)]
        self._foreign = {
            id(variable): layer
            for layer in self.model._flatten_layers()
            if isinstance(layer, keras.layers.TorchModuleWrapper)
            for variable in layer.variables
        }
        self.resolved = True

    def _refuse_average(self) -> None:
        """Refuse UPDATE where the optimizer averages the weights before it."""
        acting = self.at[Stage.UPDATE]
        if not acting:
            return
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if getattr(optimizer, "use_ema", False):
            raise AttachError(
                f"{acting[0].technique!r} changes weights after the optimizer, which averages them "
                "before that (use_ema=True) and would put weights in their place that the "
                "technique has not seen. Compile with use_ema=False"
            )

    def fingerprint(self) -> tuple[Any, ...]:
        """Return what a compiled step depends on; equal fingerprints may share it."""
        model = self.model
        chosen = [
            (
                type(member.technique),
                tuple(self._comparable_options(member)),
                tuple(_Same(variable) for variable in self.weights[member.label]),
            )
            for member in self.members
        ]
        wrapped = [(_Same(layer), tuple(m.label for m in ms)) for layer, ms in self.layers.values()]
        trained = tuple(_Same(variable) for variable in model.trainable_variables)
        how = (model.run_eagerly, model.jit_compile, model.steps_per_execution)
        return (tuple(chosen), tuple(wrapped), trained, how)

    def _comparable_options(self, member: Member) -> Iterator[tuple[str, Any]]:
        """Yield the options; of one that chooses layers what it chooses, however it is written."""
        declared = constraints(type(member.technique))
        for name, value in member.technique.get_config().items():
            if isinstance(declared.get(name), Layers) and value is not None:
                value = tuple(map(_Same, layers_matching(self.model, value)))
                yield name, value
            else:
                yield name, _comparable(value)

    def seeds(self, ambient: int | None = None) -> np.ndarray[Any, Any]:
        """Return the base of each member's draws, int32, in the order of `members`."""
        ambient = draws.ambient_seed() if ambient is None else ambient
        bases = []
        for member in self.members:
            seed = getattr(member.technique, "seed", None)
            seed = ambient if seed is None else seed
            bases.append(draws.base_key(seed, member.word, member.occurrence))
        return np.array(bases, dtype="int32")

    def sums(self) -> np.ndarray[Any, Any]:
        """Return the epoch's sums at zero: examples, data loss, each penalty."""
        return np.zeros(2 + len(self.penalties), dtype=wide())

    def require_keras(self, variables: Iterable[keras.Variable]) -> None:
        """Refuse to compute with other values of weights that Keras does not read.

        Raises:
            AttachError: for the parameters of a module of PyTorch, which reads its own.
        """
        for variable in variables:
            if (layer := self._foreign.get(id(variable))) is not None:
                raise AttachError(
                    f"{layer.name!r} wraps a module of PyTorch, which computes with its own "
                    f"parameters: {variable.name!r} cannot have other values within a step. Name "
                    "other layers by layers=, or write the layer in Keras"
                )

    def require_reached(self, loss: bool, target: bool) -> None:
        """Refuse a `train_step` or `compute_loss` of the user's that passes the stages by."""
        waiting = self.at[Stage.PENALTY] + self.at[Stage.TARGET]
        if waiting and not loss:
            raise AttachError(
                f"{type(self.model).__name__}.train_step never calls self.compute_loss, at which "
                f"{', '.join(repr(m.technique) for m in waiting)} would act. Compute the loss by "
                "self.compute_loss(x, y, y_pred, sample_weight) in train_step"
            )
        if self.at[Stage.TARGET] and not target:
            names = ", ".join(repr(m.technique) for m in self.at[Stage.TARGET])
            raise AttachError(
                f"{type(self.model).__name__}.compute_loss never calls the compiled loss, at which "
                f"{names} would act. Call super().compute_loss(...) in it, or compile without a "
                "loss and compute it from y"
            )

    def require_applied(self) -> None:
        """Refuse a `train_step` that never hands its gradients to `self.optimizer`."""
        waiting = self.at[Stage.GRADIENT] + self.at[Stage.UPDATE]
        if waiting and self.model.trainable_weights:  # Keras itself does not call it without any
            names = dict.fromkeys(repr(member.technique) for member in waiting)
            raise AttachError(
                f"{type(self.model).__name__}.train_step never calls the model's optimizer, at "
                f"which {', '.join(names)} would act. Apply the "
                "gradients by self.optimizer.apply (JAX: self.optimizer.stateless_apply)"
            )


def _refuse_rivals(layer: keras.layers.Layer, members: list[Member]) -> None:
    bearers: dict[str, Member] = {}
    for member in members:
        word = member.technique.exclusive_on_layer
        if word is not None and word in bearers:
            raise ConflictError(
                f"{bearers[word].technique!r} and {member.technique!r} both mean layer "
                f"{layer.name!r}, which can have one {word} only. Name different layers by layers="
            )
        if word is not None:
            bearers[word] = member


class _Same:
    """Equal only to the same object, which it keeps alive, so that its id is not used again."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _comparable(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return (type(value), value)
    if isinstance(value, list | tuple):
        return tuple(_comparable(one) for one in value)
    if type(value) in schedules.by_name().values():  # of Keras' own the numbers say all
        return (type(value), repr(sorted(value.get_config().items(), key=str)))
    return _Same(value)
