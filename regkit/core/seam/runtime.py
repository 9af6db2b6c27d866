"""A plan resolved on a model: which layers and weights each technique means."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from regkit.core import draws
from regkit.core.errors import AttachError, ConflictError
from regkit.core.plan import Member, Plan
from regkit.core.stages import Stage

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
        weights: The variables of each member, by label.
    """

    def __init__(self, model: keras.Model, plan: Plan) -> None:
        self.model = model
        self.resolved = False
        self.rebind(plan)

    def rebind(self, plan: Plan) -> None:
        """Take a plan of equal techniques, so that a compiled step serves new objects."""
        self.plan = plan
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
        self.resolved = True

    def fingerprint(self) -> tuple[Any, ...]:
        """Return what a compiled step depends on; equal fingerprints may share it."""
        model = self.model
        chosen = [
            (
                type(member.technique),
                tuple((k, _comparable(v)) for k, v in member.technique.get_config().items()),
                tuple(_Same(variable) for variable in self.weights[member.label]),
            )
            for member in self.members
        ]
        wrapped = [(_Same(layer), tuple(m.label for m in ms)) for layer, ms in self.layers.values()]
        trained = tuple(_Same(variable) for variable in model.trainable_variables)
        how = (model.run_eagerly, model.jit_compile, model.steps_per_execution)
        return (tuple(chosen), tuple(wrapped), trained, how)

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
        return np.zeros(2 + len(self.penalties), dtype="float32")

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
        if waiting:
            raise AttachError(
                f"{type(self.model).__name__}.train_step never calls the model's optimizer, at "
                f"which {', '.join(repr(m.technique) for m in waiting)} would act. Apply the "
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
    if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        return (type(value), repr(sorted(value.get_config().items(), key=str)))
    return _Same(value)
