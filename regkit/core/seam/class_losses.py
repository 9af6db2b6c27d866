"""Losses on class numbers, for targets that are probabilities.

The loss that is expected of a label drawn from the probabilities is Σ_c p_c · loss(c): what Keras'
crossentropy of probabilities is, and what any other loss on class numbers is asked for, once for
each class.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import losses, ops
from keras.src.losses.losses import LossFunctionWrapper

from regkit.core.errors import AttachError, ConflictError
from regkit.core.stages import Target
from regkit.types import Tensor

__all__ = ["is_sparse_crossentropy", "of_probabilities", "options_of"]

_MOST_CLASSES = 100  # for which a loss is called once each


def options_of(loss: object) -> dict[str, Any]:
    """Return the options that one of Keras' losses was made with."""
    return dict(getattr(loss, "_fn_kwargs", {}))


def is_sparse_crossentropy(loss: losses.Loss) -> bool:
    """Return whether a loss is Keras' own sparse crossentropy, with nothing of anybody else's."""
    own = type(loss).call is LossFunctionWrapper.call and _is_called_as_keras_does(loss)
    return own and loss.fn is losses.sparse_categorical_crossentropy


def _is_called_as_keras_does(loss: losses.Loss) -> bool:
    return type(loss).__call__ is losses.Loss.__call__


def of_probabilities(sparse: losses.Loss, given: Target) -> losses.Loss:
    """Return the loss on probabilities that a loss on class numbers means.

    Args:
        sparse: The loss.
        given: The targets as they were given.

    Raises:
        ConflictError: where the loss cannot be asked for one class at a time.
    """
    if is_sparse_crossentropy(sparse):
        return _DenseCrossentropy(sparse)
    classes = given.y_pred.shape[given.axis]
    if not _is_called_as_keras_does(sparse):
        raise ConflictError(
            f"the loss {sparse.name!r} has a __call__ of its own, so it cannot be asked for a loss "
            "of one class and one example; override `call` in its place, or use one-hot targets"
        )
    if classes is None or classes > _MOST_CLASSES:
        raise ConflictError(
            f"the loss {sparse.name!r} takes class numbers and is not Keras' own: with changed "
            f"targets it is called once for each class, at most {_MOST_CLASSES}, and output "
            f"{given.name!r} has {classes}. Use one-hot targets and a loss on probabilities"
        )
    return _Expected(sparse, given)


class _DenseCrossentropy(losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """The crossentropy of a sparse loss for targets given as probabilities.

    Rows without mass stand for an ignored class: they cost nothing and do not count.
    """

    def __init__(self, sparse: losses.Loss) -> None:
        super().__init__(name=sparse.name, reduction=sparse.reduction, dtype=sparse.dtype)
        options = options_of(sparse)
        self._axis = options.get("axis", -1)
        self._from_logits = options.get("from_logits", False)
        self._ignores = options.get("ignore_class") is not None

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each example."""
        if self._ignores:
            counts = ops.sum(y_true, axis=self._axis, keepdims=True) > 0
            y_pred = ops.where(counts, y_pred, 0)
            y_true = ops.where(counts, y_true, 0)
        cost = ops.categorical_crossentropy(
            y_true, y_pred, from_logits=self._from_logits, axis=self._axis
        )
        if self._ignores:
            counts = ops.squeeze(counts, axis=self._axis)
            cost = ops.where(counts, cost, 0.0)
            keras.src.backend.set_keras_mask(cost, mask=counts)
        return cost


class _Expected(losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """The mean of a loss on class numbers, over classes drawn with the given probabilities.

    A label that is no class, such as an ignored one, has none: it costs what the loss says of it.
    """

    def __init__(self, loss: losses.Loss, target: Target) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction, dtype=loss.dtype)
        self._loss, self._given, self._axis = loss, target.y, target.axis

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each example: Σ_c p_c · loss(c), or that of its own label."""
        total = self._loss.call(ops.cast(self._given, self.dtype), y_pred)
        mask = keras.src.backend.get_keras_mask(total)
        is_class = ops.sum(y_true, axis=self._axis) > 0
        if len(is_class.shape) != len(total.shape):
            raise AttachError(
                f"the loss {self.name!r} gives a value of shape {tuple(total.shape)} for labels of "
                f"shape {tuple(is_class.shape)}; changed targets need one value for each"
            )
        expected: Tensor | float = 0.0
        for number in range(y_pred.shape[self._axis]):
            labels = ops.full_like(self._given, number)
            cost = self._loss.call(ops.cast(labels, self.dtype), y_pred)
            expected = expected + ops.take(y_true, number, axis=self._axis) * cost
        total = ops.where(is_class, expected, total)
        if mask is not None:
            keras.src.backend.set_keras_mask(total, mask=mask)
        return total
