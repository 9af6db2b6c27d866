"""FORWARD: techniques around the call of a layer, in training only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
from keras.src.backend.common import global_state

from regkit.core.errors import AttachError
from regkit.core.plan import Member
from regkit.core.seam import returned
from regkit.core.stages import Stage

if TYPE_CHECKING:
    from regkit.core.seam.frame import Frame

__all__ = ["called_method", "replayed_call", "training_is_off", "wrapped_call"]


def called_method(layer: keras.layers.Layer) -> str:
    """Return the name of the method that Keras calls: a quantized layer has one of its own."""
    return "quantized_call" if getattr(layer, "quantization_mode", None) else "call"


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
        if frame.adapter.in_backward() and not frame.replaying:
            raise _recomputed_by_hand(layer, members)
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


def replayed_call(frame: Frame, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a layer's `rematerialized_call`, for layers that Keras runs again for the gradient."""

    def rematerialized_call(layer_call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return original(frame.replayable(layer_call), *args, **kwargs)

    return rematerialized_call


def _recomputed_by_hand(layer: keras.layers.Layer, members: list[Member]) -> AttachError:
    names = ", ".join(repr(member.technique) for member in members)
    return AttachError(
        f"{layer.name!r} is run once more for its gradient by a checkpoint inside of the model's "
        f"own code, where {names} would draw other numbers than the first time. Let Keras do it: "
        "build the layers within keras.RematScope"
    )


def training_is_off() -> bool:
    """Return whether Keras is calling the layer for inference, inside the training step."""
    call = global_state.get_global_attribute("current_call_ctx")
    if call is None:
        return False
    training = call.get_value("training") if hasattr(call, "get_value") else call.training
    return training is False
