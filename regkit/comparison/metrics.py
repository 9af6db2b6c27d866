"""Measures of predictions on clean labels, comparable between techniques as `val_loss` is not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["accuracy", "negative_log_likelihood", "probabilities"]


def probabilities(outputs: ArrayLike) -> NDArray[np.float64]:
    """Return class probabilities `(n, K)` of a model's outputs, probabilities or logits.

    Rows that are not distributions already are taken for logits and go through a softmax.

    Example:
        >>> probabilities([[0.0, 0.0]])
        array([[0.5, 0.5]])
    """
    values = np.asarray(outputs, np.float64)
    if (values >= 0).all() and np.allclose(values.sum(axis=1), 1.0, atol=1e-2):
        return np.asarray(values / values.sum(axis=1, keepdims=True))  # float16 is coarse
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def accuracy(y: NDArray[Any], p: NDArray[np.float64]) -> float:
    """Return the fraction of examples whose most probable class is the label.

    Example:
        >>> accuracy(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
        0.5
    """
    return float((p.argmax(axis=1) == y).mean())


def negative_log_likelihood(y: NDArray[Any], p: NDArray[np.float64]) -> float:
    """Return the mean of −ln p(label), in nats; p is clipped at 1e-7 as Keras does.

    Example:
        >>> round(negative_log_likelihood(np.array([0]), np.array([[0.5, 0.5]])), 4)
        0.6931
    """
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-7)).mean())
