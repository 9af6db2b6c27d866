"""AdaBoost's mathematics: what a round's errors say of its member and of the examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regkit.ensembles.combining import Floats
from regkit.types import Array

__all__ = ["Round", "r2_round", "samme_round"]


@dataclass(frozen=True)
class Round:
    """What comes of a round.

    Attributes:
        error: Of the member, weighted, in [0, 1].
        importance: How much it counts.
        weights: Of the examples for the next round, of sum 1; None where boosting ends here.
        counts: Whether the member is one of the ensemble.
    """

    error: float
    importance: float
    weights: Floats | None
    counts: bool = True


def samme_round(
    weights: Floats, missed: Array, n_classes: int, learning_rate: float = 1.0
) -> Round:
    """Return a round of SAMME.

    With ε = Σ w [missed], the member counts α = η (ln((1−ε)/ε) + ln(K−1)), and w grows by exp(α)
    where it has missed. Boosting ends where ε = 0, and where ε ≥ 1 − 1/K, no better than chance.

    Source: Zhu et al., "Multi-class AdaBoost" (2009), algorithm 2; the learning rate η is
    scikit-learn's.

    Args:
        weights: Of the examples, of sum 1.
        missed: Whether the member is wrong on each.
        n_classes: K.
        learning_rate: η.

    Example:
        >>> found = samme_round(np.full(4, 0.25), np.array([True, False, False, False]), 2)
        >>> round(found.importance, 3), found.weights.round(3)
        (1.099, array([0.5  , 0.167, 0.167, 0.167]))
    """
    error = float(np.sum(weights * missed))
    if error <= 0:
        return Round(0.0, 1.0, None)
    if error >= 1 - 1 / n_classes:
        return Round(error, 0.0, None, counts=False)
    importance = learning_rate * (np.log((1 - error) / error) + np.log(n_classes - 1))
    grown = weights * np.exp(importance * missed)
    return Round(error, float(importance), grown / grown.sum())


_OF_LOSS = {
    "linear": lambda share: share,
    "square": lambda share: share**2,
    "exponential": lambda share: 1 - np.exp(-share),
}


def r2_round(
    weights: Floats, errors: Floats, loss: str = "linear", learning_rate: float = 1.0
) -> Round:
    """Return a round of AdaBoost.R2.

    With Lᵢ = |yᵢ − ŷᵢ| / max, its square or 1 − exp(−Lᵢ), and L̄ = Σ w L: β = L̄ / (1 − L̄), the
    member counts η ln(1/β), and w ∝ w·β^(η(1−L)). Boosting ends where L̄ = 0 and where L̄ ≥ 1/2.

    Source: Drucker, "Improving Regressors using Boosting Techniques" (1997), section 3.

    Args:
        weights: Of the examples, of sum 1.
        errors: |y − ŷ| of each.
        loss: "linear", "square" or "exponential".
        learning_rate: η, scikit-learn's.

    Example:
        >>> found = r2_round(np.full(4, 0.25), np.array([0.0, 0.0, 0.0, 1.0]))
        >>> round(found.error, 2), round(found.importance, 3), found.weights.round(3)
        (0.25, 1.099, array([0.167, 0.167, 0.167, 0.5  ]))
    """
    most = errors[weights > 0].max()
    if most <= 0:
        return Round(0.0, 1.0, None)
    of_each = _OF_LOSS[loss](np.minimum(errors / most, 1.0))
    mean = float(np.sum(weights * of_each))
    if mean <= 0:
        return Round(mean, 1.0, None)
    if mean >= 0.5:
        return Round(mean, 0.0, None, counts=False)
    beta = mean / (1 - mean)
    own = weights > 0  # others may be farther off than the worst that counts
    grown = np.zeros_like(weights)
    grown[own] = weights[own] * beta ** (learning_rate * (1 - of_each[own]))
    return Round(mean, float(learning_rate * np.log(1 / beta)), grown / grown.sum())
