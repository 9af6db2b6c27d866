"""Keras' training and test step as pure functions of a state, on every backend.

A state holds the values of all variables of a model in a fit, and what techniques carry. Keras
has that step on JAX alone; over `stateless_call` and its like it runs on TensorFlow and PyTorch
too, and can be mapped over many states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import keras

from regkit.ops.stacking import Gradient
from regkit.types import Nest, Tensor

__all__ = [
    "State",
    "create_variables",
    "create_weights",
    "differentiated",
    "pairs",
    "read_state",
    "results",
    "tested",
    "trained",
    "variables_of",
    "write_state",
]

# {"trainable", "non_trainable", "optimizer", "metrics": lists of values, "carried": of techniques}
State: TypeAlias = dict[str, Any]


def create_variables(model: keras.Model, batch: tuple[Nest, ...]) -> None:
    """Let Keras create the variables of a compiled model, its optimizer, metrics and loss.

    Args:
        model: The model.
        batch: Inputs, targets and perhaps weights, as arrays.
    """
    model._symbolic_build(data_batch=batch)


def create_weights(model: keras.Model, batch: tuple[Nest, ...]) -> None:
    """Let Keras create the variables of a model and its optimizer; metrics may lack theirs.

    A built model has its own, and nothing needs to be traced.

    Args:
        model: The model.
        batch: Inputs, targets and perhaps weights, as arrays.
    """
    if not all(layer.built for layer in model._flatten_layers()):
        create_variables(model, batch)
    elif model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def variables_of(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """Return the variables whose values a state has."""
    optimizer = model.optimizer
    return {
        "trainable": list(model.trainable_variables),
        "non_trainable": list(model.non_trainable_variables),
        "optimizer": [] if optimizer is None else list(optimizer.variables),
        "metrics": list(model.metrics_variables),
    }


def read_state(model: keras.Model) -> State:
    """Return the values of a model's variables as arrays."""
    return {
        part: [keras.ops.convert_to_numpy(variable.value).copy() for variable in variables]
        for part, variables in variables_of(model).items()
    }


def write_state(model: keras.Model, state: State) -> None:
    """Give a model's variables the values of a state, of those of its parts that it holds."""
    for part, variables in variables_of(model).items():
        if part in state:
            for variable, value in zip(variables, state[part], strict=True):
                variable.assign(value)


def pairs(model: keras.Model, state: State) -> list[tuple[keras.Variable, Tensor]]:
    """Return each variable with its value in a state."""
    return [
        pair
        for part, variables in variables_of(model).items()
        for pair in zip(variables, state[part], strict=True)
    ]


class Noting(Protocol):
    """What notes values while the loss is computed: the step of techniques."""

    def noted(self) -> dict[str, Any]:
        """Return them."""

    def take_up(self, noted: dict[str, Any]) -> None:
        """Take them as the transformation has returned them."""


def differentiated(
    model: keras.Model, gradient: Gradient, state: State, data: Nest, step: Noting
) -> tuple[list[Tensor], State]:
    """Return the gradients of the loss of a batch, and the parts of the state that it changes."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    optimizer = model.optimizer

    def loss_of(trainable: list[Tensor]) -> tuple[Tensor, Any]:
        loss, y_pred, non_trainable, metrics = _forward(
            model, {**state, "trainable": trainable}, (x, y, sample_weight), training=True
        )
        with keras.StatelessScope(list(zip(optimizer.variables, state["optimizer"], strict=True))):
            scaled = optimizer.scale_loss(loss)
        return scaled, (loss, y_pred, non_trainable, metrics, step.noted())

    _, others, gradients = gradient(loss_of, state["trainable"])
    loss, y_pred, non_trainable, metrics, noted = others
    step.take_up(noted)
    metrics = _measured(model, metrics, loss, (x, y, sample_weight), y_pred)
    return gradients, {"non_trainable": non_trainable, "metrics": metrics}


def trained(
    model: keras.Model, gradient: Gradient, state: State, data: Nest, step: Noting
) -> State:
    """Return the state after one step of training: Keras' own `train_step`, as a pure function."""
    gradients, after = differentiated(model, gradient, state, data, step)
    trainable, own = model.optimizer.stateless_apply(
        state["optimizer"], gradients, state["trainable"]
    )
    return {**after, "trainable": list(trainable), "optimizer": list(own)}


def tested(model: keras.Model, state: State, data: Nest) -> State:
    """Return the parts of the state that one batch of evaluation changes.

    Those are the metrics, and the seeds of layers that draw also then.
    """
    batch = keras.utils.unpack_x_y_sample_weight(data)
    loss, y_pred, non_trainable, metrics = _forward(model, state, batch, training=False)
    measured = _measured(model, metrics, loss, batch, y_pred)
    return {"non_trainable": non_trainable, "metrics": measured}


def results(model: keras.Model, metrics: Sequence[Tensor]) -> dict[str, Any]:
    """Return the values of the metrics by name, as Keras' logs have them."""
    with keras.StatelessScope(list(zip(model.metrics_variables, metrics, strict=True))):
        return dict(model.get_metrics_result())


def _forward(
    model: keras.Model, state: State, batch: tuple[Nest, Nest, Nest], training: bool
) -> tuple[Tensor, Any, list[Tensor], list[Tensor]]:
    """Return loss, outputs, and the variables that the pass has changed."""
    x, y, sample_weight = batch
    how = {"training": training} if model._call_has_training_arg else {}
    y_pred, non_trainable, added = model.stateless_call(
        state["trainable"], state["non_trainable"], x, return_losses=True, **how
    )
    model._losses_override = list(added)  # what layers have added, for compute_loss
    try:
        loss, (_, non_trainable, metrics) = model.stateless_compute_loss(
            state["trainable"],
            non_trainable,
            state["metrics"],
            x=x,
            y=y,
            y_pred=y_pred,
            sample_weight=sample_weight,
            training=training,
        )
    finally:
        model._losses_override = []
    return loss, y_pred, list(non_trainable), list(metrics)


def _measured(
    model: keras.Model,
    metrics: Sequence[Tensor],
    loss: Tensor,
    batch: tuple[Nest, Nest, Nest],
    y_pred: Nest,
) -> list[Tensor]:
    """Return the metrics' variables with a batch counted."""
    x, y, sample_weight = batch
    variables = model.metrics_variables
    size = next(part for part in keras.tree.flatten(x) if part is not None).shape[0]
    with keras.StatelessScope(list(zip(variables, metrics, strict=True))) as scope:
        model._loss_tracker.update_state(loss, sample_weight=size)
        if model._compile_metrics is not None:  # without the results, which few steps need
            model._compile_metrics.update_state(y, y_pred, sample_weight)
    return [scope.get_current_value(v) for v in variables]
