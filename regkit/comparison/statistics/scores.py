"""How good predictions are on clean labels: pure functions of labels and outputs.

They can be compared between techniques, as `val_loss`, which holds their penalties, cannot.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from regkit.core.errors import RegkitError

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "mean_absolute_error",
    "negative_log_likelihood",
    "probabilities",
    "roc_auc",
    "root_mean_squared_error",
]


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


def balanced_accuracy(y: NDArray[Any], p: NDArray[np.float64]) -> float:
    """Return the mean over the classes of the fraction of their examples that are recognized.

    Classes without an example do not count.

    Source: Brodersen et al., "The balanced accuracy and its posterior distribution" (2010).

    Example:
        >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([[0.9, 0.1]] * 4))
        0.5
    """
    counts = np.bincount(y, minlength=p.shape[1])
    right = np.bincount(y[p.argmax(axis=1) == y], minlength=p.shape[1])
    return float((right[counts > 0] / counts[counts > 0]).mean())


def roc_auc(y: NDArray[Any], p: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve of two classes.

    It is the chance that an example of class 1 is given a higher probability of it than one of
    class 0; a tie counts half. Without examples of both classes it is not defined: NaN.

    Source: Hanley and McNeil, "The meaning and use of the area under a ROC curve" (1982).

    Example:
        >>> roc_auc(np.array([0, 1, 1]), np.array([[0.6, 0.4], [0.7, 0.3], [0.1, 0.9]]))
        0.5
    """
    ones = int((y == 1).sum())
    zeros = len(y) - ones
    if not (ones and zeros):
        return float("nan")
    ranks = stats.rankdata(p[:, 1])[y == 1].sum()
    return float((ranks - ones * (ones + 1) / 2) / (ones * zeros))


def negative_log_likelihood(y: NDArray[Any], p: NDArray[np.float64]) -> float:
    """Return the mean of −ln p(label), in nats; p is clipped at 1e-7 as Keras does.

    Example:
        >>> round(negative_log_likelihood(np.array([0]), np.array([[0.5, 0.5]])), 4)
        0.6931
    """
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-7)).mean())


def root_mean_squared_error(y: ArrayLike, prediction: ArrayLike) -> float:
    """Return √(mean of (prediction − y)² over examples), in the unit of y, averaged over outputs.

    Args:
        y: The true values, shape `(n,)` or `(n, outputs)`.
        prediction: The predicted ones; `(n, 1)`, as a Dense layer returns them, is `(n,)`.

    Raises:
        RegkitError: without examples, or with other shapes.

    Example:
        >>> root_mean_squared_error([1.0, 2.0, 3.0], [[1.0], [2.0], [6.0]]) == 3**0.5
        True
    """
    return float(np.sqrt((_residuals(y, prediction) ** 2).mean(axis=0)).mean())


def mean_absolute_error(y: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean of |prediction − y| over examples and outputs, in the unit of y.

    Args:
        y: The true values, shape `(n,)` or `(n, outputs)`.
        prediction: The predicted ones; `(n, 1)`, as a Dense layer returns them, is `(n,)`.

    Raises:
        RegkitError: without examples, or with other shapes.

    Example:
        >>> mean_absolute_error([1.0, 2.0, 3.0], [[1.0], [2.0], [6.0]])
        1.0
    """
    return float(np.abs(_residuals(y, prediction)).mean())


def _residuals(y: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
    """Return prediction − y, `(n, outputs)`; `(n,)` and `(n, 1)` must not broadcast to `(n, n)`."""
    true, given = np.asarray(y, np.float64), np.asarray(prediction, np.float64)
    wanted, predicted = (a[:, None] if a.ndim == 1 else a for a in (true, given))
    if wanted.shape != predicted.shape or not wanted.size:
        raise RegkitError(
            f"needs as many predictions as true values; received {given.shape} and {true.shape}"
        )
    return np.asarray(predicted - wanted)
