"""Bias and variance of predictions over replicates of training, as pure functions of arrays.

A replicate is a model trained on other training examples (a bootstrap sample, another draw), and
predicts the same R × n: the predictions have shape `(R, n)` or, for probabilities, `(R, n, K)`.
Where targets are single observations, as in any test set, their noise cannot be told from bias: it
is within the bias, the same for all models, so that differences between models are free of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regkit.core.errors import RegkitError

__all__ = [
    "Quadratic",
    "ZeroOne",
    "of_brier_score",
    "of_squared_error",
    "of_zero_one_loss",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quadratic:
    """A squared error and its parts: `error = bias_squared + variance`.

    Attributes:
        error: The mean over replicates and examples.
        bias_squared: The part that all replicates share, the noise of the targets included. An
            estimate without bias of its own, which may lie a little below 0.
        variance: The part by which replicates differ.
    """

    error: float
    bias_squared: float
    variance: float


@dataclass(frozen=True)
class ZeroOne:
    """A rate of errors and its parts: `error = bias + unbiased_variance − biased_variance`.

    Attributes:
        error: The fraction of wrong predictions, over replicates and examples.
        bias: The fraction of examples whose main prediction is wrong, the noise of labels included.
        unbiased_variance: What predictions other than the main one cost, where that is right.
        biased_variance: What they gain where it is wrong, by being right.
    """

    error: float
    bias: float
    unbiased_variance: float
    biased_variance: float

    @property
    def variance(self) -> float:
        """Return the net variance, `unbiased_variance − biased_variance`, which may be below 0."""
        return self.unbiased_variance - self.biased_variance


def of_squared_error(predictions: ArrayLike, targets: ArrayLike) -> Quadratic:
    """Return the bias² and variance of a squared error.

    `E(y − h)² = (y − E h)² + E(h − E h)²`, averaged over the examples. From R replicates the
    variance is estimated with `R − 1`, and what it adds to the squared distance of their mean,
    `variance/R`, is moved from bias² to where it belongs: both are right on average for any R, and
    their sum is the error exactly. Noise cannot be told apart: where y is a single observation,
    `E(y − E h)²` is bias² plus the noise's variance.

    Args:
        predictions: `(R, n)`, at least 2 replicates; or `(R, n, K)`, K outputs whose errors add.
        targets: `(n,)` or `(n, K)`: observations, or the true values where they are known.

    Raises:
        RegkitError: for other shapes, fewer replicates, and values that are not finite.

    Source: Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma" (1992).

    Example:
        >>> of_squared_error([[1.0, 4.0], [3.0, 4.0]], [2.0, 5.0])
        Quadratic(error=1.0, bias_squared=0.0, variance=1.0)
    """
    h, y = np.asarray(predictions, np.float64), np.asarray(targets, np.float64)
    _check(h, y, dimensions=(2, 3))
    replicates = len(h)
    # From the first replicate on, so that equal replicates have a variance of exactly 0.
    centre = h[0] + (h - h[0]).mean(axis=0)
    variance = ((h - centre) ** 2).sum(axis=0) / (replicates - 1)
    bias_squared = (centre - y) ** 2 - variance / replicates
    return Quadratic(
        error=_over_examples(((h - y) ** 2).mean(axis=0)),
        bias_squared=_over_examples(bias_squared),
        variance=_over_examples(variance),
    )


def of_brier_score(probabilities: ArrayLike, labels: ArrayLike) -> Quadratic:
    """Return the bias² and variance of the Brier score, `Σ_k (p_k − 1[y = k])²`.

    The squared error of probabilities as predictions of the label's indicators: `of_squared_error`
    with K outputs. The bias² of a model that states the true probabilities is `1 − Σ_k p_k²` on
    average, the noise of the labels.

    Args:
        probabilities: `(R, n, K)`, at least 2 replicates.
        labels: `(n,)`, whole numbers from 0 to K − 1.

    Raises:
        RegkitError: for other shapes and labels, fewer replicates, values that are not finite.

    Source: Brier, "Verification of forecasts expressed in terms of probability" (1950); Geman,
    Bienenstock and Doursat (1992) for the parts.

    Example:
        >>> of_brier_score([[[1.0, 0.0]], [[0.0, 1.0]]], [0])
        Quadratic(error=1.0, bias_squared=0.0, variance=1.0)
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(labels)
    if p.ndim != 3:
        raise RegkitError(
            f"probabilities have shape (replicates, examples, classes); received {p.shape}"
        )
    _check_labels(y, p.shape[2])
    return of_squared_error(p, np.eye(p.shape[2])[y])


def of_zero_one_loss(predictions: ArrayLike, labels: ArrayLike) -> ZeroOne:
    """Return the bias and variance of the rate of errors, by the main prediction.

    The main prediction m of an example is the class that most replicates predict (of equally many,
    the lowest). With bias B = 1[m ≠ y] and variance V = P(h ≠ m) the rate of errors is
    `B + c V`, where c = 1 if m = y, and else `c = −P(h = y | h ≠ m)`, −1 for two classes: where the
    main prediction is wrong, variance helps. The parts are means over the examples: `bias` of B,
    `unbiased_variance` of V where m = y, `biased_variance` of `P(h = y)` where m ≠ y.

    Args:
        predictions: Predicted classes `(R, n)`, at least 2 replicates.
        labels: `(n,)`, whole numbers from 0, as the predictions.

    Raises:
        RegkitError: for other shapes, fewer replicates, what is no class.

    Source: Domingos, "A unified bias-variance decomposition and its applications" (2000).

    Example:
        >>> parts = of_zero_one_loss([[0, 1], [0, 1], [1, 0]], [0, 0])
        >>> parts.error, parts.bias, parts.unbiased_variance == parts.biased_variance
        (0.5, 0.5, True)
    """
    h, y = np.asarray(predictions), np.asarray(labels)
    _check(h, y, dimensions=(2,))
    _check_labels(h, None)
    _check_labels(y, None)
    counts = np.stack([(h == k).sum(axis=0) for k in range(int(h.max()) + 1)])
    main, wrong = counts.argmax(axis=0), h != y
    unbiased = main == y
    return ZeroOne(
        error=float(wrong.mean()),
        bias=float((~unbiased).mean()),
        unbiased_variance=float(((h != main) & unbiased).mean()),
        biased_variance=float((~wrong & ~unbiased).mean()),
    )


def _over_examples(values: Floats) -> float:
    """Return the mean over examples, the errors of several outputs added."""
    return float(values.sum() / len(values))


def _check(h: NDArray[np.generic], y: NDArray[np.generic], dimensions: tuple[int, ...]) -> None:
    if h.ndim not in dimensions or y.shape != h.shape[1:] or 0 in h.shape:
        forms = " or ".join(
            {2: "(replicates, examples)", 3: "(replicates, examples, outputs)"}[number]
            for number in dimensions
        )
        raise RegkitError(
            f"predictions have shape {forms}, and targets that of one replicate; received shapes "
            f"{h.shape} and {y.shape}"
        )
    if len(h) < 2:
        raise RegkitError("a variance needs at least 2 replicates; received 1")
    if not (np.isfinite(h).all() and np.isfinite(y).all()):
        raise RegkitError("predictions and targets must be finite; some are NaN or infinity")


def _check_labels(labels: NDArray[np.generic], n_classes: int | None) -> None:
    known = np.unique(labels)
    below = np.inf if n_classes is None else n_classes
    if not (
        np.issubdtype(known.dtype, np.integer) and (known >= 0).all() and (known < below).all()
    ):
        most = "" if n_classes is None else f" to {n_classes - 1}"
        raise RegkitError(f"classes are whole numbers from 0{most}; received {known[:5].tolist()}")
