"""How the outputs of members become one prediction, and how far they disagree: pure functions.

An array of probabilities has the shape (members, examples, classes), weights one number a member.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ClassUncertainty",
    "RegressionUncertainty",
    "average",
    "class_uncertainty",
    "combined",
    "entropy",
    "regression_uncertainty",
    "votes",
    "weighted_median",
]

Floats: TypeAlias = NDArray[np.float64]


def average(outputs: ArrayLike, weights: Floats | None = None) -> Floats:
    """Return the mean of members' outputs: p̄ = Σᵢ wᵢ pᵢ / Σᵢ wᵢ.

    Example:
        >>> average([[[0.8, 0.2]], [[0.4, 0.6]]]).round(3)
        array([[0.6, 0.4]])
    """
    return np.asarray(np.average(np.asarray(outputs, np.float64), axis=0, weights=weights))


def votes(probabilities: ArrayLike, weights: Floats | None = None) -> Floats:
    """Return the share of members that vote for each class: v_c = Σᵢ wᵢ [arg max pᵢ = c] / Σᵢ wᵢ.

    A member votes for the class that it holds most probable, the first of several equal ones.

    Source: Breiman, "Bagging Predictors" (1996), section 1.

    Example:
        >>> votes([[[0.9, 0.1]], [[0.4, 0.6]], [[0.3, 0.7]]]).round(3)
        array([[0.333, 0.667]])
    """
    p = np.asarray(probabilities, np.float64)
    chosen = p.argmax(axis=2)[..., None] == np.arange(p.shape[2])
    return average(chosen, weights)


def weighted_median(outputs: ArrayLike, weights: Floats | None = None) -> Floats:
    """Return the least output at which half of the weight is reached; without weights, the median.

    Example:
        >>> weighted_median([[1.0], [2.0], [9.0]], np.array([0.2, 0.2, 0.6]))
        array([9.])
    """
    values = np.asarray(outputs, np.float64)
    if weights is None:
        return np.asarray(np.median(values, axis=0))
    order = values.argsort(axis=0, kind="stable")
    reached = np.cumsum(np.asarray(weights)[order], axis=0) >= 0.5 * np.sum(weights)
    first = np.take_along_axis(order, reached.argmax(axis=0)[None], axis=0)
    return np.asarray(np.take_along_axis(values, first, axis=0)[0])


def combined(outputs: ArrayLike, way: str, weights: Floats | None = None) -> Floats:
    """Return members' outputs as one: by "mean", "vote" or "median".

    Example:
        >>> combined([[1.0], [2.0], [6.0]], "mean"), combined([[1.0], [2.0], [6.0]], "median")
        (array([3.]), array([2.]))
    """
    return {"mean": average, "vote": votes, "median": weighted_median}[way](outputs, weights)


def entropy(probabilities: ArrayLike) -> Floats:
    """Return the entropy of distributions in nats, over the last axis: −Σ_c p_c ln p_c.

    Example:
        >>> entropy([[0.5, 0.5], [1.0, 0.0]]).round(3) + 0.0
        array([0.693, 0.   ])
    """
    p = np.asarray(probabilities, np.float64)
    logs = np.log(p, where=p > 0, out=np.zeros_like(p))
    return np.asarray(-(p * logs).sum(axis=-1))


@dataclass(frozen=True)
class ClassUncertainty:
    """How sure an ensemble of classifiers is of each example.

    Attributes:
        entropy: Of the mean distribution, (examples,), in nats, from 0 to ln K: all uncertainty.
        mutual_information: Of the class and the member, (examples,), in nats: what members
            disagree on, and more data could settle. The rest of the entropy is in the data.
        variance: Of each class's probability over the members, (examples, classes).
    """

    entropy: Floats
    mutual_information: Floats
    variance: Floats


def class_uncertainty(probabilities: ArrayLike, weights: Floats | None = None) -> ClassUncertainty:
    """Return entropy H(p̄), mutual information H(p̄) − mean H(pᵢ), and variance of probabilities.

    Source: Depeweg et al., "Decomposition of Uncertainty in Bayesian Deep Learning" (2018),
    section 3.

    Example:
        >>> certain_but_at_odds = [[[1.0, 0.0]], [[0.0, 1.0]]]
        >>> found = class_uncertainty(certain_but_at_odds)
        >>> found.entropy.round(3), found.mutual_information.round(3), found.variance
        (array([0.693]), array([0.693]), array([[0.25, 0.25]]))
    """
    p = np.asarray(probabilities, np.float64)
    mean = average(p, weights)
    shared = np.maximum(entropy(mean) - average(entropy(p), weights), 0.0)  # not −1e-17
    return ClassUncertainty(entropy(mean), shared, average((p - mean) ** 2, weights))


@dataclass(frozen=True)
class RegressionUncertainty:
    """How far the members of a regression are apart.

    Attributes:
        mean: Of the members' predictions, in the shape of the targets.
        variance: Of the members' predictions, likewise, in the square of their unit.
    """

    mean: Floats
    variance: Floats


def regression_uncertainty(
    outputs: ArrayLike, weights: Floats | None = None
) -> RegressionUncertainty:
    """Return mean and variance over the members.

    Example:
        >>> regression_uncertainty([[1.0], [3.0]])
        RegressionUncertainty(mean=array([2.]), variance=array([1.]))
    """
    values = np.asarray(outputs, np.float64)
    mean = average(values, weights)
    return RegressionUncertainty(mean, average((values - mean) ** 2, weights))
