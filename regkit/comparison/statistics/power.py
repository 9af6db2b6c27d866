"""How many repeats would find a difference: more splits, or more seeds a split."""

from __future__ import annotations

import math

from regkit.comparison.statistics.analysis import ALPHA
from regkit.comparison.statistics.paired_differences import Difference, detectable

__all__ = ["MANY_SEEDS", "MANY_SPLITS", "seeds_needed", "splits_needed"]

MANY_SPLITS, MANY_SEEDS = 100, 20  # more are not asked for: each is a fit of every arm


def splits_needed(d: Difference, share: float, tests: int) -> int | None:
    """Return how many splits find a difference as large as this one in four of five cases.

    None where even 100 do not: the error that overlapping splits share does not average out.

    Args:
        d: What the present splits say; their spread is taken for that of further ones.
        share: The term by which splits overlap (`analysis.overlap`).
        tests: The number of arms times measures, for the strictest step of Holm's method.

    Example:
        >>> from regkit.comparison.statistics.paired_differences import difference
        >>> d = difference([0.1, 2.1, 0.4, 1.4, 0.9], overlap=0.0)
        >>> splits_needed(d, share=0.0, tests=2)
        9
    """
    deviation = d.error / math.sqrt(1 / d.n + share)

    def enough(n: int) -> bool:
        effect = detectable(n, share, ALPHA / tests) * deviation
        return effect <= abs(d.mean)

    low, high = d.n, MANY_SPLITS
    if low >= high or not enough(high):
        return None
    while high - low > 1:  # what can be found shrinks with n
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def seeds_needed(
    d: Difference, share: float, tests: int, seeds: int, within: float | None
) -> int | None:
    """Return how many seeds a split find a difference as large as this one in four of five cases.

    The variance of a split's mean difference is what splits differ by plus `within` / seeds. Where
    it was not measured, as with one seed, all of the variance is taken to come from the seeds, so
    that the number is the least that can do. None where even 20 do not.

    Args:
        d: What the present splits say.
        share: The term by which splits overlap (`analysis.overlap`).
        tests: The number of arms times measures, for the strictest step of Holm's method.
        seeds: The present number.
        within: The variance of the differences between seeds of the same split, or None.

    Example:
        >>> from regkit.comparison.statistics.paired_differences import difference
        >>> d = difference([0.1, 2.1, 0.4, 1.4, 0.9], overlap=0.25)
        >>> seeds_needed(d, share=0.25, tests=2, seeds=1, within=None)
        7
    """
    spread = d.error**2 / (1 / d.n + share)
    within = spread * seeds if within is None else within
    between = max(0.0, spread - within / seeds)
    allowed = (d.mean / detectable(d.n, share, ALPHA / tests)) ** 2
    if allowed <= between:
        return None
    needed = math.ceil(within / (allowed - between))
    return needed if needed <= MANY_SEEDS else None
