"""FORWARD: techniques around the call of a layer, in training only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras.src.backend.common import global_state

from regkit.core import returned
from regkit.core.errors import AttachError
from regkit.core.plan import Turn
from regkit.core.seam.patch import Change
from regkit.core.seam.step import Step
from regkit.core.stages import Phase, Stage
from regkit.types import Nest

__all__ = ["called_method", "layer_call", "layer_changes"]


def layer_changes(step: Step) -> list[Change]:
    """Return the calls of layers to shadow in a step."""
    changes = []
    for layer, turns in step.runtime.layers.values():
        call = functools.partial(layer_call, step, layer, turns)
        changes.append(Change(layer, called_method(layer), call))
    for layer in step.runtime.recomputed:
        call = functools.partial(_replayed_call, step)
        changes.append(Change(layer, "rematerialized_call", call))
    return changes


def called_method(layer: keras.layers.Layer) -> str:
    """Return the name of the method that Keras calls: a quantized layer has one of its own."""
    return "quantized_call" if getattr(layer, "quantization_mode", None) else "call"


def layer_call(
    step: Step,
    layer: keras.layers.Layer,
    turns: list[Turn],
    original: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Call a layer with techniques around it; what comes first in a phase acts first."""
    if step.training and _training_is_off():
        return original(*args, **kwargs)
    if step.adapter.in_backward() and not step.replaying:
        raise _recomputed_by_hand(layer, turns)
    name = next(iter(kwargs), "")  # of the first argument, where it has one

    def innermost(inputs: Nest) -> Any:
        if args:
            return original(inputs, *args[1:], **kwargs)
        return original(**{**kwargs, name: inputs})

    run: Callable[[Any], Any] = innermost
    others = (*args[1:], *(value for key, value in kwargs.items() if args or key != name))
    for turn in _inside_out(turns):
        run = _around(step, layer, turn, run, others)
    return run(args[0] if args else kwargs[name])


def _inside_out(turns: list[Turn]) -> list[Turn]:
    """Return the techniques around a call, the innermost first.

    On outputs the innermost acts first, on weights the outermost: the others find what it made.
    """
    on_weights = [turn for turn in turns if turn.act.phase is Phase.WEIGHTS]
    return on_weights[::-1] + [turn for turn in turns if turn not in on_weights]


def _around(
    step: Step,
    layer: keras.layers.Layer,
    turn: Turn,
    inner: Callable[[Any], Any],
    others: tuple[Any, ...],
) -> Callable[[Any], Any]:
    def run(inputs: Nest) -> Any:
        context = step.context(turn.entry, Stage.FORWARD)
        context.layer, context.other_arguments = layer, others
        result = turn.run(inner, inputs, context)
        if result is None:
            raise returned.nothing(turn.technique)
        return result

    return run


def _replayed_call(
    step: Step,
    original: Callable[..., Any],
    call: Callable[..., Any],
    *args: object,
    **kwargs: object,
) -> Any:
    """Stand in for a layer's `rematerialized_call`: Keras runs the layer again for its gradient."""
    return original(step.replayable(call), *args, **kwargs)


def _recomputed_by_hand(layer: keras.layers.Layer, turns: list[Turn]) -> AttachError:
    names = ", ".join(repr(turn.technique) for turn in turns)
    return AttachError(
        f"{layer.name!r} is run once more for its gradient by a checkpoint inside of the model's "
        f"own code, where {names} would draw other numbers than the first time. Let Keras do it: "
        "build the layers within keras.RematScope"
    )


def _training_is_off() -> bool:
    """Return whether Keras is calling the layer for inference, inside the training step."""
    call = global_state.get_global_attribute("current_call_ctx")
    if call is None:
        return False
    training = call.get_value("training") if hasattr(call, "get_value") else call.training
    return training is False
