"""A model's outputs as distributions over classes, as its compiled loss reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import losses, ops

from regkit import RegkitError, Technique

__all__ = ["Reading", "divergence", "predictions", "require_classes"]

Tensor = Any

SMALLEST = 1e-7  # a probability below it counts as it, as in Keras' crossentropies

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
            >>> found = Reading(binary=True).log_probabilities(ops.array([[0.25]]))
            >>> [round(float(p), 4) for p in ops.exp(found)[0, 0]]
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
        """Return KL(p ‖ q) of each example, or of each position where outputs have some."""
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


def predictions(context: Any, x: Any = None) -> list[tuple[Reading, Tensor]]:
    """Return each output on classes: how it is read, and its log-probabilities at the inputs x."""
    outputs = context.outputs(x)
    flat = keras.tree.flatten(outputs)
    pairs = zip(_losses(context.model, outputs, len(flat)), flat, strict=True)
    read = [(_reading(loss), output) for loss, output in pairs]
    return [(reading, reading.log_probabilities(one)) for reading, one in read if reading]


def _losses(model: keras.Model, outputs: Any, count: int) -> list[Any]:
    """Return the compiled loss of each output, in the order in which the outputs are flattened."""
    loss = model.loss
    if isinstance(loss, dict) and not isinstance(outputs, dict):
        return [loss.get(name) for name in model.output_names]
    if isinstance(loss, dict):
        return [loss.get(name) for name in sorted(outputs)]
    flat: list[Any] = keras.tree.flatten(loss)
    return flat if len(flat) == count else flat * count


def require_classes(technique: Technique, model: keras.Model) -> None:
    """Refuse a model without an output on classes, before the first step.

    Raises:
        RegkitError: for such a model.
    """
    found = keras.tree.flatten(model.loss)
    if not any(_reading(one) for one in found):
        raise RegkitError(
            f"{technique!r} compares distributions over classes; {model.name!r} is compiled with "
            f"the loss {', '.join(map(repr, found))}. Compile it with a crossentropy, such as "
            "'sparse_categorical_crossentropy' or 'binary_crossentropy'"
        )


def _reading(loss: Any) -> Reading | None:
    loss = losses.get(loss) if isinstance(loss, str) else loss
    if loss in _FUNCTIONS:
        return Reading(_FUNCTIONS[loss])
    if not isinstance(loss, _CATEGORICAL + _BINARY):
        return None
    config = loss.get_config()
    return Reading(
        isinstance(loss, _BINARY), config.get("from_logits", False), config.get("axis", -1)
    )


def _log(probabilities: Tensor) -> Tensor:
    return ops.log(ops.clip(probabilities, SMALLEST, 1.0))
