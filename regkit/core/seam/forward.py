"""FORWARD: techniques around the call of a layer, in training only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
from keras.src.backend.common import global_state

from regkit.core.plan import Member
from regkit.core.seam import returned
from regkit.core.stages import Stage

if TYPE_CHECKING:
    from regkit.core.seam.frame import Frame

__all__ = ["training_is_off", "wrapped_call"]


def wrapped_call(
    frame: Frame,
    layer: keras.layers.Layer,
    members: list[Member],
    original: Callable[..., Any],
) -> Callable[..., Any]:
    """Return the `call` of a layer with the members around it, the first of them innermost."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not frame.layer_is_perturbed():
            return original(*args, **kwargs)
        name = next(iter(kwargs), "")  # of the first argument, where it has one

        def layer_call(inputs: Any) -> Any:
            if args:
                return original(inputs, *args[1:], **kwargs)
            return original(**{**kwargs, name: inputs})

        run: Callable[[Any], Any] = layer_call
        others = (*args[1:], *(value for key, value in kwargs.items() if args or key != name))
        for member in members:
            if frame.active(member, Stage.FORWARD):
                run = _around(frame, layer, member, run, others)
        return run(args[0] if args else kwargs[name])

    return call


def _around(
    frame: Frame,
    layer: keras.layers.Layer,
    member: Member,
    inner: Callable[[Any], Any],
    others: tuple[Any, ...],
) -> Callable[[Any], Any]:
    def run(inputs: Any) -> Any:
        context = frame.context(member, Stage.FORWARD)
        context.layer, context.other_arguments = layer, others
        return returned.some(member.technique.forward(inner, inputs, context), member.technique)

    return run


def training_is_off() -> bool:
    """Return whether Keras is calling the layer for inference, inside the training step."""
    call = global_state.get_global_attribute("current_call_ctx")
    if call is None:
        return False
    training = call.get_value("training") if hasattr(call, "get_value") else call.training
    return training is False
