"""How far stated probabilities can be trusted, as pure functions of labels and probabilities.

Labels `y` are integers of shape `(n,)`, probabilities `p` have shape `(n, K)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.core.errors import RegkitError

__all__ = ["Bin", "brier", "calibration_error", "equal_mass_bins"]

_LEAST = 10  # examples in a bin: the accuracy of fewer says nothing


@dataclass(frozen=True)
class Bin:
    """Examples with about the same confidence: a point of the reliability diagram.

    Attributes:
        confidence: The mean probability of the predicted class.
        accuracy: The fraction of examples whose prediction is right.
        count: The number of examples.
    """

    confidence: float
    accuracy: float
    count: int


def brier(y: NDArray[Any], p: NDArray[np.float64]) -> float:
    """Return the Brier score, the mean of Σ_k (p_k − 1[y = k])².

    From 0 (sure and right) to 2 (sure and wrong). With two classes it is twice the score that
    looks at one of them only.

    Source: Brier, "Verification of forecasts expressed in terms of probability" (1950).

    Example:
        >>> brier(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
        1.0
    """
    return float(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean())


def equal_mass_bins(y: NDArray[Any], p: NDArray[np.float64], n_bins: int = 15) -> list[Bin]:
    """Return bins of about equally many examples, by ascending confidence.

    Examples of equal confidence stay together, so a bin may be larger than others and the order
    of the examples does not matter. There are fewer bins where one would have under 10 examples.

    Args:
        y: The labels.
        p: The probabilities.
        n_bins: The number of bins at most.

    Raises:
        RegkitError: without examples, or with `n_bins` below 1.

    Example:
        >>> p = np.array([[0.75, 0.25]] * 8 + [[0.5, 0.5]] * 12)
        >>> equal_mass_bins(np.zeros(20, int), p, n_bins=1)
        [Bin(confidence=0.6, accuracy=1.0, count=20)]
    """
    if not len(p) or n_bins < 1:
        raise RegkitError(f"needs examples and n_bins ≥ 1; received {len(p)} and {n_bins}")
    order = np.argsort(p.max(axis=1), kind="stable")
    confidence, right = p.max(axis=1)[order], (p.argmax(axis=1) == y)[order]
    edges = _edges(confidence, n_bins)
    return [
        Bin(float(confidence[start:end].mean()), float(right[start:end].mean()), end - start)
        for start, end in pairwise(edges)
    ]


def _edges(ascending: NDArray[np.float64], n_bins: int) -> list[int]:
    """Return where bins start and end: never between equal values, never under 10 examples."""
    n = len(ascending)
    ends = np.append(np.flatnonzero(np.diff(ascending)) + 1, n)  # of each run of equal values
    edges = [0]
    for left in range(n_bins, 0, -1):
        wanted = edges[-1] + max((n - edges[-1]) // left, _LEAST)
        end = n if wanted >= n else int(ends[np.searchsorted(ends, wanted)])
        edges.append(end if n - end >= _LEAST else n)
        if edges[-1] == n:
            break
    return edges


def calibration_error(y: NDArray[Any], p: NDArray[np.float64], n_bins: int = 15) -> float:
    """Return the debiased top-label calibration error in bins of equal mass, the L2 one.

    `√max(0, Σ_b n_b/n · ((acc_b − conf_b)² − acc_b(1 − acc_b)/(n_b − 1)))`, a probability. The
    last term is what chance alone adds to the squared gap: without it a calibrated model seems
    the worse calibrated the fewer examples there are. What varies within a bin is not seen. Under
    about 1000 examples the noise is as large as the errors usual models have.

    Args:
        y: The labels.
        p: The probabilities.
        n_bins: The number of bins at most; each has 10 examples or more.

    Raises:
        RegkitError: without examples, or with `n_bins` below 1.

    Source: Bröcker, "Estimating reliability and resolution of probability forecasts through
    decomposition of the empirical score" (2012); Kumar, Liang and Ma, "Verified uncertainty
    calibration" (2019).

    Example:
        >>> sure = np.tile([0.9, 0.1], (100, 1))  # right in 60 of 100
        >>> round(calibration_error(np.repeat([0, 1], [60, 40]), sure), 3)
        0.296
    """
    # NumPy's maximum keeps the NaN of a model that diverged; Python's would call it calibrated.
    return math.sqrt(np.maximum(0.0, _squared_error(equal_mass_bins(y, p, n_bins))))


def _squared_error(bins: list[Bin]) -> float:
    """Return the debiased square of the error, which may be below 0: its mean is the true one.

    With a single example the correction is not defined; the square of its gap is taken as it is.
    """
    accuracy, confidence, count = np.array([[b.accuracy, b.confidence, b.count] for b in bins]).T
    chance = accuracy * (1 - accuracy) / np.maximum(count - 1, 1)
    return float(np.average((accuracy - confidence) ** 2 - chance, weights=count))
