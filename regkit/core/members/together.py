"""Whether members can be trained as one computation, and whether that is faster."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from regkit.core.decisions.decider import Decider, only_decides
from regkit.core.errors import RegkitError
from regkit.core.method import Method
from regkit.core.plan import Plan
from regkit.core.seam.pure_optimizer import own_writing
from regkit.core.stages import Stage

__all__ = ["why_in_turn"]

# A method of the model's own here does in a fit what a pure step would leave out.
_STEPS = (
    "fit",
    "train_step",
    "make_train_function",
    "test_step",
    "make_test_function",
    "compute_metrics",
    "stateless_call",
    "compute_loss_and_updates",
)
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
    for method in _STEPS:
        usual = getattr(keras.Model, method, None)
        if method in vars(model) or getattr(type(model), method, None) is not usual:
            return f"{name} has a {method} of its own, which may be no pure function"
    reason = _optimizer_in_turn(name, model.optimizer)
    if reason is not None:
        return reason
    if metrics := _own_metrics(model):
        return f"{name} has metrics of its own ({metrics[0]}), which its layers may update"
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


def _optimizer_in_turn(name: str, optimizer: keras.optimizers.Optimizer | None) -> str | None:
    """Return what of an optimizer cannot be stacked."""
    if optimizer is None:
        return f"{name} has no optimizer"
    kind = type(optimizer).__name__
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return f"the optimizer, {kind}, scales the loss, by what it sees of the gradients"
    if optimizer.use_ema:
        return f"the optimizer, {kind}, averages the weights, and gives them at the end of fit"
    if keras.backend.backend() != "jax" and optimizer.gradient_accumulation_steps:
        return f"the optimizer, {kind}, gathers gradients in a branch of its own"
    if method := own_writing(optimizer):
        return f"the optimizer, {kind}, has a {method} of its own, which may be no pure function"
    return None


def _own_metrics(model: keras.Model) -> list[str]:
    """Return the names of metrics that `compile` has not made."""
    made = [model._loss_tracker, model._compile_metrics]
    made += [] if model._compile_loss is None else model._compile_loss.metrics
    known = {id(metric) for metric in made}
    return [metric.name for metric in model.metrics if id(metric) not in known]


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
