"""Inference on paired differences, as pure functions of arrays.

Repeated random splits of one pool share examples, so their differences are correlated and the
ordinary paired t test finds differences where there are none. Nadeau and Bengio (2003) correct
the variance of the mean: `s² · (1/n + n_test/n_train)` for `s²/n`. `overlap` is that second
term; it is 0 for a fixed test set, where the repeats are independent given the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from regkit.core.errors import RegkitError

__all__ = [
    "Difference",
    "Practical",
    "detectable",
    "difference",
    "equivalence_p",
    "holm",
    "practical",
    "verdict",
]


@dataclass(frozen=True)
class Difference:
    """A mean paired difference with what is known about it.

    Attributes:
        mean: The mean, in the unit of the differences.
        low: The lower end of the two-sided confidence interval.
        high: The upper end.
        error: The corrected standard error of the mean.
        p: The two-sided p value of "no difference".
        p_positive: The probability that the difference is above 0, from the correlated Bayesian
            t test with a flat prior (Corani and Benavoli 2015).
        n: The number of pairs.
    """

    mean: float
    low: float
    high: float
    error: float
    p: float
    p_positive: float
    n: int


@dataclass(frozen=True)
class Practical:
    """How probable it is that a difference matters; the three add up to 1.

    Attributes:
        worse: The probability that the difference is below −margin.
        equivalent: That it is within ±margin.
        better: That it is above +margin.
    """

    worse: float
    equivalent: float
    better: float


def difference(
    values: ArrayLike, overlap: float, confidence: float = 0.95, resolution: float = 0.0
) -> Difference:
    """Return the corrected interval and test of a mean paired difference.

    The statistic `mean / sqrt(s² · (1/n + overlap))` is compared with Student's t at n−1 degrees
    of freedom. With one pair nothing can be said: the interval is infinite and p is 1.

    Args:
        values: One difference a pair, shape `(n,)`.
        overlap: `n_test / n_train` for repeated splits of one pool, 0 for a fixed test set.
        confidence: The level of the interval.
        resolution: The step in which the values are measured (one test example); s is taken to
            be no smaller, or a few pairs that happen to agree would pass for certainty.

    Raises:
        RegkitError: without pairs, with NaN, or with an overlap below 0.

    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52
    (2003).

    Example:
        >>> difference([1.0, 2.0, 3.0], overlap=0.0).mean
        2.0
    """
    d = np.asarray(values, np.float64)
    if d.ndim != 1 or not len(d) or not np.isfinite(d).all() or overlap < 0:
        raise RegkitError(
            f"differences must be finite, overlap ≥ 0; received {values!r}, {overlap}"
        )
    mean, n = float(d.mean()), len(d)
    if n == 1:
        return Difference(mean, -math.inf, math.inf, math.inf, 1.0, 0.5, n)
    error = max(float(d.std(ddof=1)), resolution) * math.sqrt(1 / n + overlap)
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    t = mean / error if error else math.copysign(math.inf, mean) if mean else 0.0
    return Difference(
        mean=mean,
        low=mean - half,
        high=mean + half,
        error=error,
        p=float(2 * stats.t.sf(abs(t), n - 1)),
        p_positive=float(stats.t.cdf(t, n - 1)),
        n=n,
    )


def equivalence_p(d: Difference, margin: float) -> float:
    """Return the p value of two one-sided tests that the difference is within ±margin.

    p < 0.05 is the same as a 90 % interval inside the margins (Schuirmann 1987).

    Example:
        >>> equivalence_p(difference([0.0, 0.1, -0.1, 0.0], overlap=0.0), margin=0.5) < 0.05
        True
    """
    if d.error == 0:
        return 0.0 if abs(d.mean) < margin else 1.0
    if math.isinf(d.error):
        return 1.0
    return float(stats.t.sf((margin - abs(d.mean)) / d.error, d.n - 1))


def practical(d: Difference, margin: float) -> Practical:
    """Return the probabilities that a difference is below, within and above ±margin.

    By the correlated Bayesian t test: with a flat prior, the difference is distributed as
    `mean + error · t` with Student's t at n−1 degrees of freedom. "Better" is above +margin, as the
    difference was taken; where less is better, exchange the two. With an error of 0 the
    probabilities are 0 or 1, and a difference equal to the margin is within. One pair tells neither
    the mean nor its error, so that worse and better get a half each.

    Args:
        d: What `difference` returned.
        margin: Differences within ± this count as none, in the unit of the difference.

    Raises:
        RegkitError: with a margin that is below 0 or not finite.

    Source: Corani and Benavoli, "A Bayesian approach for comparing cross-validated algorithms on
    multiple data sets", Machine Learning 100 (2015); Benavoli et al., "Time for a change", JMLR 18
    (2017).

    Example:
        >>> round(practical(difference([1.0, 2.0, 3.0], overlap=0.0), margin=0.5).better, 3)
        0.939
    """
    if not 0 <= margin < math.inf:
        raise RegkitError(f"margin must be finite and ≥ 0; received {margin}")
    if d.error == 0:
        worse, better = float(d.mean < -margin), float(d.mean > margin)
    elif math.isinf(d.error):
        worse = better = 0.5
    else:
        worse = float(stats.t.cdf((-margin - d.mean) / d.error, d.n - 1))
        better = float(stats.t.sf((margin - d.mean) / d.error, d.n - 1))
    return Practical(worse, max(0.0, 1 - worse - better), better)


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return p values adjusted by Holm's step-down method, in the order given.

    The chance of even one false claim among them stays below the level, however the tests depend
    on each other.

    Source: Holm, "A simple sequentially rejective multiple test procedure" (1979).

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(p, np.float64)
    order = np.argsort(given)
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def verdict(mean: float, p_adjusted: float, p_equivalent: float, alpha: float = 0.05) -> str:
    """Return "equivalent", "better", "worse" or "cannot conclude".

    Equivalence comes first: a difference that is surely inside the margin is no improvement worth
    the name, even where it is surely not 0.

    Example:
        >>> verdict(mean=1.2, p_adjusted=0.01, p_equivalent=0.9)
        'better'
    """
    if p_equivalent < alpha:
        return "equivalent"
    if p_adjusted < alpha:
        return "better" if mean > 0 else "worse"
    return "cannot conclude"


def detectable(n: int, overlap: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest difference that n pairs detect with a given power.

    In units of the standard deviation of the paired differences; by the noncentral t distribution.

    Example:
        >>> round(detectable(10, overlap=0.0), 2)
        1.0
    """
    if n < 2:
        return math.inf
    critical = stats.t.ppf(1 - alpha / 2, n - 1)

    def lack(effect: float) -> float:
        return power - float(stats.nct.sf(critical, n - 1, effect))

    low, high = 0.0, 2 * critical + 10
    for _ in range(60):  # bisection: the power grows with the effect
        middle = (low + high) / 2
        low, high = (middle, high) if lack(middle) > 0 else (low, middle)
    return float(high * math.sqrt(1 / n + overlap))
