"""GRADIENT and UPDATE: around the optimizer's `apply`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from regkit.core.seam import returned
from regkit.core.stages import Stage

if TYPE_CHECKING:
    from regkit.core.seam.frame import Frame

__all__ = ["after", "before"]


def before(frame: Frame, gradients: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
    """Run the GRADIENT stage on what goes to the optimizer."""
    frame.runtime.require_reached(frame.reached_loss, frame.reached_target)
    frame.reached_apply = True
    gradients = list(gradients)
    if not frame.runtime.at[Stage.GRADIENT]:
        return gradients
    place = {id(variable): k for k, variable in enumerate(variables)}
    scale = frame.loss_scale()
    gradients = [g if g is None else frame.adapter.dense(g) / scale for g in gradients]
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
            gradients[k] = None if gradients[k] is None else ops.cast(value, gradients[k].dtype)
    return [g if g is None else g * scale for g in gradients]


def after(frame: Frame) -> None:
    """Run the UPDATE stage on the weights that the optimizer has just changed."""
    for member in frame.runtime.at[Stage.UPDATE]:
        context = frame.context(member, Stage.UPDATE)
        old, state = context.values, dict(context.state)
        new = member.technique.update(old, context)
        new = returned.same_shapes(new, member.technique, Stage.UPDATE, old)
        if frame.adapter.scales_loss():
            # An overflow in float16 makes Keras skip the update: what follows skips it too.
            applied = ops.cast(frame.adapter.counter().value, "int32") > frame.step
            new = [ops.where(applied, n, o) for n, o in zip(new, old, strict=True)]
            for name, kept in state.items():
                context.state[name] = keras.tree.map_structure(
                    lambda n, o: ops.where(applied, n, o),  # noqa: B023  # used at once
                    context.state[name],
                    kept,
                )
        for variable, value, kept in zip(context.weights, new, old, strict=True):
            if value is not kept:
                variable.assign(value)
