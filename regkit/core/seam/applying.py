"""GRADIENT and UPDATE: around the optimizer's `apply`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from regkit.core import returned
from regkit.core.errors import AttachError
from regkit.core.seam.clock import optimizer_count
from regkit.core.seam.reached import require_loss
from regkit.core.seam.step import Step
from regkit.core.stages import Stage
from regkit.types import Tensor

__all__ = ["after", "before", "count_of"]


def before(step: Step, gradients: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
    """Run the GRADIENT stage on what goes to the optimizer."""
    if not (step.reached_loss and step.reached_target):
        require_loss(step)
    step.reached_apply = True
    if not step.runtime.turns[Stage.GRADIENT]:
        return list(gradients)
    place = {id(variable): k for k, variable in enumerate(variables)}
    scale = step.loss_scale()
    plain = [g if g is None else step.adapter.dense(g) / scale for g in gradients]
    gradients, given_by_keras = list(plain), list(gradients)
    for turn in step.runtime.turns[Stage.GRADIENT]:
        context = step.context(turn.entry, Stage.GRADIENT)
        mine = [place[id(variable)] for variable in context.weights if id(variable) in place]
        given = [
            ops.zeros_like(variables[k].value) if gradients[k] is None else gradients[k]
            for k in mine
        ]
        changed = turn.run(given, context)
        changed = returned.same_shapes(changed, turn.technique, Stage.GRADIENT, given)
        for k, value in zip(mine, changed, strict=True):
            if gradients[k] is not None and value is not gradients[k]:
                gradients[k] = ops.cast(value, gradients[k].dtype)
    # What nobody changed goes on as it came: sparse, and not rounded by the scale.
    return [
        theirs if own is before else own * scale
        for own, before, theirs in zip(gradients, plain, given_by_keras, strict=True)
    ]


def after(step: Step, count: Tensor | None) -> None:
    """Run the UPDATE stage on the weights, where the optimizer has just changed them.

    Args:
        step: The step.
        count: What `count_of` gave before the optimizer's `apply`.
    """
    acting = step.runtime.turns[Stage.UPDATE]
    updated = _updated(step, count) if acting else True
    for turn in acting:
        context = step.context(turn.entry, Stage.UPDATE)
        old, state = context.values, dict(context.state)
        new = returned.same_shapes(turn.run(old, context), turn.technique, Stage.UPDATE, old)
        if updated is not True:
            new = [ops.where(updated, n, o) for n, o in zip(new, old, strict=True)]
            for name, before in state.items():
                context.state[name] = keras.tree.map_structure(
                    lambda n, o: ops.where(updated, n, o), context.state[name], before
                )
        for variable, value, before in zip(context.weights, new, old, strict=True):
            if value is not before:
                variable.assign(value)


def count_of(step: Step) -> Any:
    """Return the optimizer's count now, as a value of its own; None where nothing depends on it."""
    if not (step.runtime.turns[Stage.UPDATE] and step.adapter.scales_loss()):
        return None
    return _count(step)


def _count(step: Step) -> Any:
    variable = optimizer_count(step.model)
    return ops.cast(step.adapter.read([variable])[0], "int32")


def _updated(step: Step, count: Tensor | None) -> Any:
    """Return whether the call of `apply` changed the weights: True, or a tensor that tells.

    With `gradient_accumulation_steps` only each n-th call does; in mixed_float16 an overflow makes
    Keras leave the update out, and its count stands still.
    """
    every = _accumulation(step.model)
    if count is None and not every:
        return True
    now = _count(step)
    updated: Any = True if count is None else now > count
    if every:
        reached = ops.equal(ops.mod(now, every), 0)
        updated = reached if updated is True else ops.logical_and(updated, reached)
    return updated


def _accumulation(model: keras.Model) -> int | None:
    """Return over how many calls of `apply` the optimizer gathers gradients, or None.

    Raises:
        AttachError: where the optimizers within one for several parts differ in it.
    """
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    parts = getattr(optimizer, "optimizers", [optimizer])  # of a MultiOptimizer
    every = {part.gradient_accumulation_steps for part in parts}
    if len(every) > 1:
        raise AttachError(
            "the optimizers within the model's MultiOptimizer gather gradients over different "
            f"numbers of steps ({', '.join(map(str, every))}), so there is no one update after "
            "which techniques could change weights. Give all the same gradient_accumulation_steps"
        )
    return every.pop() if every else None
