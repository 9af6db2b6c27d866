"""Whether members can be trained as one computation, and whether that is faster."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from regkit.core.decisions.decider import Decider, only_decides
from regkit.core.errors import RegkitError
from regkit.core.method import Method
from regkit.core.plan import Plan
from regkit.core.stages import Stage

__all__ = ["why_in_turn"]

_CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)


def why_in_turn(model: keras.Model, members: Sequence[Sequence[Method]], engine: str) -> str | None:
    """Return why members are trained one after the other, in words; None for all at once.

    Args:
        model: Stands for the members' models.
        members: The techniques of each.
        engine: "vectorized" where that is to be refused unless it can be; else "auto".

    Raises:
        RegkitError: where "vectorized" was asked for and cannot be.
    """
    reason = _impossible(model) or _other_callbacks(members)
    if reason is not None and engine == "vectorized":
        raise RegkitError(f'engine="vectorized": {reason}. Leave engine= out to train in turn')
    if reason is None and engine == "auto":
        reason = _slower(model, members)
    return reason


def _impossible(model: keras.Model) -> str | None:
    """Return what of a model cannot be stacked."""
    name = type(model).__name__
    for method in ("train_step", "make_train_function"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            return f"{name} has a {method} of its own, which may be no pure function"
    if model.optimizer is None:
        return f"{name} has no optimizer"
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        return "the optimizer scales the loss, by what it sees of the gradients"
    if keras.backend.backend() != "jax" and (
        model.optimizer.gradient_accumulation_steps or model.optimizer.use_ema
    ):
        return "the optimizer gathers gradients, or averages weights, in a branch of its own"
    if model.run_eagerly:
        return "the model runs eagerly"
    wrapped = [
        layer.name
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.TorchModuleWrapper)
    ]
    if wrapped:
        return f"the layer {wrapped[0]} wraps a module of PyTorch, which reads its own parameters"
    return None


def _other_callbacks(members: Sequence[Sequence[Method]]) -> str | None:
    """Return which technique works by events of a fit that goes on for one model."""
    for techniques in members:
        for entry in Plan(techniques).at(Stage.WATCH):
            technique = entry.technique
            if not only_decides(technique):
                return f"{technique!r} works by the events of one fit"
            if isinstance(technique, Decider) and (
                technique.evaluations.every is not None or technique.own_data is not None
            ):
                return f"{technique!r} evaluates inside of epochs, or data of its own"
    return None


def _slower(model: keras.Model, members: Sequence[Sequence[Method]]) -> str | None:
    """Return why all at once would take longer."""
    if len(members) == 1:
        return "there is one member only"
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, _CONVOLUTIONS)]
    if layers:
        return f"a stack of convolutions ({layers[0].name}) is slower than one after the other"
    loops = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.RNN)]
    if loops:
        return f"a stack of loops ({loops[0].name}) is slower than one after the other"
    return None
