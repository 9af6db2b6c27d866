"""A model's outputs as distributions over classes, interpreted as its compiled loss does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import losses, ops

from regkit import RegkitError, Technique
from regkit.core.context import Context
from regkit.types import Nest, Tensor

__all__ = ["Reading", "divergence", "predictions", "require_classes"]

SMALLEST = 1e-7  # smaller probabilities are raised to it, as in Keras' crossentropies

_CATEGORICAL = (
    losses.CategoricalCrossentropy,
    losses.SparseCategoricalCrossentropy,
    losses.CategoricalFocalCrossentropy,
    losses.KLDivergence,
)
_BINARY = (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy)
_FUNCTIONS = {
    losses.categorical_crossentropy: False,
    losses.sparse_categorical_crossentropy: False,
    losses.categorical_focal_crossentropy: False,
    losses.kl_divergence: False,
    losses.binary_crossentropy: True,
    losses.binary_focal_crossentropy: True,
}


@dataclass(frozen=True)
class Reading:
    """How an output is read: as one distribution along an axis, or as one for each unit.

    Attributes:
        binary: Whether each unit is a probability of its own.
        from_logits: Whether the numbers are logits, not probabilities.
        axis: The axis of the classes.
    """

    binary: bool
    from_logits: bool = False
    axis: int = -1

    def log_probabilities(self, output: Tensor) -> Tensor:
        """Return float32 log-probabilities; those of binary units along a new last axis.

        Example:
            >>> log_p = Reading(binary=True).log_probabilities(ops.array([[0.25]]))
            >>> [round(float(p), 4) for p in ops.exp(log_p)[0, 0]]
            [0.25, 0.75]
        """
        output = ops.cast(output, "float32")
        if self.binary and self.from_logits:
            return ops.stack([ops.log_sigmoid(output), ops.log_sigmoid(-output)], axis=-1)
        if self.binary:
            return _log(ops.stack([output, 1.0 - output], axis=-1))
        if self.from_logits:
            return ops.log_softmax(output, axis=self.axis)
        return _log(output / ops.sum(output, axis=self.axis, keepdims=True))

    def divergence(self, log_p: Tensor, log_q: Tensor) -> Tensor:
        """Return KL(p ‖ q) of each example, or of each position where outputs have positions."""
        if self.binary:
            return ops.sum(divergence(log_p, log_q), axis=-1)
        return divergence(log_p, log_q, self.axis)


def divergence(log_p: Tensor, log_q: Tensor, axis: int = -1) -> Tensor:
    """Return KL(p ‖ q) = Σ p · (log p − log q) along an axis of log-probabilities.

    Example:
        >>> p, q = ops.log(ops.array([0.5, 0.5])), ops.log(ops.array([0.25, 0.75]))
        >>> round(float(divergence(p, q)), 4)
        0.1438
    """
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=axis)


def predictions(context: Context, x: Nest = None) -> list[tuple[Reading, Tensor]]:
    """Return for each output on classes its reading, and its log-probabilities at inputs x."""
    outputs = context.outputs(x)
    flat = keras.tree.flatten(outputs)
    pairs = zip(_losses(context.model, outputs, len(flat)), flat, strict=True)
    read = [(_reading(loss), output) for loss, output in pairs]
    return [(reading, reading.log_probabilities(output)) for reading, output in read if reading]


def _losses(model: keras.Model, outputs: Nest, count: int) -> list[object]:
    """Return the compiled loss of each output, in the order in which the outputs are flattened."""
    loss = model.loss
    if isinstance(loss, dict):
        names = sorted(outputs) if isinstance(outputs, dict) else model.output_names
        return [loss.get(name) for name in names]
    flat: list[object] = keras.tree.flatten(loss)
    return flat if len(flat) == count else flat * count


def require_classes(technique: Technique, model: keras.Model) -> None:
    """Refuse a model without an output on classes, before the first step.

    Raises:
        RegkitError: for such a model.
    """
    compiled = keras.tree.flatten(model.loss)
    if not any(_reading(loss) for loss in compiled):
        raise RegkitError(
            f"{technique!r} compares distributions over classes; {model.name!r} is compiled with "
            f"the loss {', '.join(map(repr, compiled))}. Compile it with a crossentropy, such as "
            "'sparse_categorical_crossentropy' or 'binary_crossentropy'"
        )


def _reading(loss: object) -> Reading | None:
    """Return how a loss on classes reads an output; None for another loss."""
    loss = losses.get(loss) if isinstance(loss, str) else loss
    if loss in _FUNCTIONS:
        return Reading(_FUNCTIONS[loss])
    if not isinstance(loss, _CATEGORICAL + _BINARY):
        return None
    config: dict[str, Any] = loss.get_config()
    return Reading(
        isinstance(loss, _BINARY), config.get("from_logits", False), config.get("axis", -1)
    )


def _log(probabilities: Tensor) -> Tensor:
    return ops.log(ops.clip(probabilities, SMALLEST, 1.0))
