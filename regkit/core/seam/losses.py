"""TARGET and PENALTY: around `compute_loss`.

Keras' `CompileLoss` matches targets to outputs and calls one loss for each. Those calls are where
TARGET acts: the targets are changed there, once. The metrics never see any of it. Penalties join
what `compute_loss` returns.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from regkit.core import returned
from regkit.core.seam import targets
from regkit.core.seam.step import Step
from regkit.core.stages import Stage, Target
from regkit.types import Nest, Tensor

__all__ = ["acts_at_loss", "compute_loss", "loss_method"]

_PARAMETERS = ("x", "y", "y_pred", "sample_weight", "training")  # of Keras' compute_loss


def acts_at_loss(step: Step) -> bool:
    """Return whether a technique changes the targets or adds to the loss."""
    return bool(step.runtime.turns[Stage.TARGET] or step.runtime.turns[Stage.PENALTY])


def loss_method(step: Step) -> Callable[..., Tensor]:
    """Return the model's `compute_loss` with TARGET and PENALTY around it, wherever in the step."""
    method: Callable[..., Tensor] = step.model.compute_loss
    return method if acts_at_loss(step) else functools.partial(compute_loss, step, method)


def compute_loss(step: Step, original: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """Compute the loss with TARGET and PENALTY around it, in training only."""
    given = dict(zip(_PARAMETERS, args, strict=False)) | kwargs
    if given.get("training", True) is False:
        return original(*args, **kwargs)
    step.reached_loss |= step.asking is None  # a second pass says nothing of the step itself
    with step.adapter.reading_in_loss(step):
        if step.model._compile_loss is None and step.runtime.turns[Stage.TARGET]:
            y = _changed_plain_y(step, given.get("y"), given.get("y_pred"))
            args = (*args[:1], y, *args[2:]) if len(args) > 1 else args
            kwargs = kwargs if len(args) > 1 else kwargs | {"y": y}
        with _retargeted_losses(step):  # and no longer: a penalty may ask for the loss, or wait
            loss = original(*args, **kwargs)
        return _with_penalties(step, loss)


def _changed_plain_y(step: Step, y: Nest, y_pred: Nest) -> Any:
    """Return the targets, changed, for a model that computes its loss itself."""
    step.reached_target |= step.asking is None
    return targets.target_of_plain_y(y, y_pred, lambda target: _changed(step, target))


@contextmanager
def _retargeted_losses(step: Step) -> Iterator[None]:
    """Let the compiled loss of each output change its targets, and note its value."""
    compiled = step.model._compile_loss
    if compiled is None or not (step.runtime.turns[Stage.TARGET] or step.tasks is not None):
        yield
        return
    flat = [entry._replace(loss=_task_loss(step, entry)) for entry in compiled._flat_losses]
    with step.runtime.shadows.replaced(compiled, "_flat_losses", flat):
        yield


def _task_loss(step: Step, entry: Any) -> Callable[..., Tensor]:
    """Return the loss of one output, an entry of Keras' `CompileLoss`, with TARGET before it."""

    def change(target: Target) -> Target:
        return _changed(step, target)

    loss = targets.retargeted(entry.loss, entry.name, change)

    def call(*args: Tensor) -> Tensor:
        step.reached_target |= step.asking is None
        value = loss(*args)
        if step.tasks is not None:
            weight = 1.0 if entry.loss_weights is None else entry.loss_weights
            step.tasks[entry.name] = value * weight
        return value

    call.name = entry.name  # type: ignore[attr-defined]  # as a Loss has
    return call


def _changed(step: Step, target: Target) -> Target:
    for turn in step.runtime.turns[Stage.TARGET]:
        if step.active(turn.entry, Stage.TARGET):
            context = step.context(turn.entry, Stage.TARGET)
            changed = turn.run(target, context)
            if not isinstance(changed, Target):
                raise returned.no_target(changed, turn.technique)
            target = changed
    return target


def _with_penalties(step: Step, data_loss: Tensor) -> Tensor:
    turns = [t for t in step.runtime.turns[Stage.PENALTY] if step.active(t.entry, Stage.PENALTY)]
    if not turns:
        return data_loss
    parts = []
    for turn in turns:
        part = turn.run(step.context(turn.entry, Stage.PENALTY))
        parts.append(returned.scalar(part, turn.technique, data_loss.dtype))
    if step.asking is None:
        values = [step.adapter.unscaled(data_loss), *parts]
        step.sums = step.adapter.accumulated(step.sums, step.size, values)
    # as Keras does with its own regularizers: a distribution strategy sums over replicas
    total = sum(step.model._aggregate_additional_loss(part) for part in parts)
    return data_loss + total
