"""Refuse a `train_step` or `compute_loss` of the user's that bypasses the stages."""

from __future__ import annotations

from collections.abc import Iterable

from regkit.core.errors import AttachError
from regkit.core.plan import Turn
from regkit.core.seam.step import Step
from regkit.core.stages import Stage

__all__ = ["require_applied", "require_loss"]


def require_loss(step: Step) -> None:
    """Refuse a step that has come to the optimizer, or its end, without the model's loss.

    Raises:
        AttachError: naming the techniques that would act there.
    """
    targets, penalties = step.runtime.turns[Stage.TARGET], step.runtime.turns[Stage.PENALTY]
    model = type(step.model).__name__
    if (targets or penalties) and not step.reached_loss:
        raise AttachError(
            f"{model}.train_step never calls self.compute_loss, at which "
            f"{_names([*penalties, *targets])} would act. Compute the loss by "
            "self.compute_loss(x, y, y_pred, sample_weight) in train_step"
        )
    if targets and not step.reached_target:
        raise AttachError(
            f"{model}.compute_loss never calls the compiled loss, at which {_names(targets)} would "
            "act. Call super().compute_loss(...) in it, or compile without a loss and compute it "
            "from y"
        )


def require_applied(step: Step) -> None:
    """Refuse a `train_step` that never hands its gradients to `self.optimizer`.

    Raises:
        AttachError: naming the techniques that would act there.
    """
    waiting = [*step.runtime.turns[Stage.GRADIENT], *step.runtime.turns[Stage.UPDATE]]
    if waiting and step.model.trainable_weights:  # Keras itself does not call it without any
        raise AttachError(
            f"{type(step.model).__name__}.train_step never calls the model's optimizer, at which "
            f"{_names(waiting)} would act. Apply the gradients by self.optimizer.apply (JAX: "
            "self.optimizer.stateless_apply)"
        )


def _names(turns: Iterable[Turn]) -> str:
    return ", ".join(dict.fromkeys(repr(turn.technique) for turn in turns))
