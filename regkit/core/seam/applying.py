"""GRADIENT and UPDATE: around the optimizer's `apply`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from regkit.core.seam import returned
from regkit.core.seam.clock import optimizer_count
from regkit.core.stages import Stage

if TYPE_CHECKING:
    from regkit.core.seam.frame import Frame

__all__ = ["after", "before", "count_of"]


def before(frame: Frame, gradients: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
    """Run the GRADIENT stage on what goes to the optimizer."""
    frame.runtime.require_reached(frame.reached_loss, frame.reached_target)
    frame.reached_apply = True
    if not frame.runtime.at[Stage.GRADIENT]:
        return list(gradients)
    place = {id(variable): k for k, variable in enumerate(variables)}
    scale = frame.loss_scale()
    plain = [g if g is None else frame.adapter.dense(g) / scale for g in gradients]
    gradients, given_by_keras = list(plain), list(gradients)
    for member in frame.runtime.at[Stage.GRADIENT]:
        context = frame.context(member, Stage.GRADIENT)
        mine = [place[id(variable)] for variable in context.weights if id(variable) in place]
        given = [
            ops.zeros_like(variables[k].value) if gradients[k] is None else gradients[k]
            for k in mine
        ]
        found = member.technique.gradient(given, context)
        found = returned.same_shapes(found, member.technique, Stage.GRADIENT, given)
        for k, value in zip(mine, found, strict=True):
            if gradients[k] is not None and value is not gradients[k]:
                gradients[k] = ops.cast(value, gradients[k].dtype)
    # What nobody changed goes on as it came: sparse, and not rounded by the scale.
    return [
        theirs if own is before else own * scale
        for own, before, theirs in zip(gradients, plain, given_by_keras, strict=True)
    ]


def after(frame: Frame, count: Any) -> None:
    """Run the UPDATE stage on the weights, where the optimizer has just changed them.

    Args:
        frame: The step.
        count: What `count_of` gave before the optimizer's `apply`.
    """
    acting = frame.runtime.at[Stage.UPDATE]
    updated = _updated(frame, count) if acting else True
    for member in acting:
        context = frame.context(member, Stage.UPDATE)
        old, state = context.values, dict(context.state)
        new = member.technique.update(old, context)
        new = returned.same_shapes(new, member.technique, Stage.UPDATE, old)
        if updated is not True:
            new = [ops.where(updated, n, o) for n, o in zip(new, old, strict=True)]
            for name, kept in state.items():
                context.state[name] = keras.tree.map_structure(
                    lambda n, o: ops.where(updated, n, o), context.state[name], kept
                )
        for variable, value, kept in zip(context.weights, new, old, strict=True):
            if value is not kept:
                variable.assign(value)


def count_of(frame: Frame) -> Any:
    """Return the optimizer's count now, as a value of its own; None where nothing depends on it."""
    if not (frame.runtime.at[Stage.UPDATE] and frame.adapter.scales_loss()):
        return None
    return ops.cast(frame.adapter.read(optimizer_count(frame.model)), "int32")


def _updated(frame: Frame, count: Any) -> Any:
    """Return whether the call of `apply` changed the weights: True, or a tensor that tells.

    With `gradient_accumulation_steps` only each n-th call does; in mixed_float16 an overflow makes
    Keras leave the update out, and its count stands still.
    """
    optimizer = frame.model.optimizer
    every = getattr(optimizer, "inner_optimizer", optimizer).gradient_accumulation_steps
    if count is None and not every:
        return True
    now = ops.cast(frame.adapter.read(optimizer_count(frame.model)), "int32")
    updated: Any = True if count is None else now > count
    if every:
        reached = ops.equal(ops.mod(now, every), 0)
        updated = reached if updated is True else ops.logical_and(updated, reached)
    return updated
