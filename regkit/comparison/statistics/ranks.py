"""Arms over several data sets: their ranks, and what the ranks mean.

Differences on several data sets have no common unit, and data sets are independent where splits
of one are not. So arms are ranked on each data set, and tests of ranks are used (Demšar 2006).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from regkit.comparison.statistics.paired_differences import holm, verdict
from regkit.comparison.statistics.permutation import sign_flip
from regkit.core.errors import RegkitError

__all__ = ["Ranking", "cliques", "rank", "smallest_p"]

Floats = NDArray[np.float64]
_FEW = 10  # data sets: with so many or fewer, Iman and Davenport's F finds differences too often


@dataclass(frozen=True)
class Ranking:
    """Arms ranked over data sets, with what a table and a critical-difference diagram show.

    Attributes:
        arms: Their names, in the order given.
        baseline: The arm that the others are tested against.
        n: The number of data sets.
        mean_ranks: Arm → mean rank; 1 is best in every data set.
        friedman_p: The p value of "all arms are equal"; None under 3 arms or 2 data sets.
        critical_difference: Two mean ranks at least so far apart differ (Nemenyi); infinite under
            2 arms or 2 data sets.
        wilcoxon_p: Arm → p value of "equal to the baseline", after Holm's correction.
        smallest_p: The smallest that `wilcoxon_p` can be for so many data sets and arms.
        verdicts: Arm → "better", "worse" or "cannot conclude", by `wilcoxon_p`.
    """

    arms: tuple[str, ...]
    baseline: str
    n: int
    mean_ranks: dict[str, float]
    friedman_p: float | None
    critical_difference: float
    wilcoxon_p: dict[str, float]
    smallest_p: float
    verdicts: dict[str, str]


def rank(
    scores: Mapping[str, Sequence[float]], baseline: str, sign: int = 1, alpha: float = 0.05
) -> Ranking:
    """Return the arms' mean ranks over data sets, with the tests of Demšar (2006).

    Equal scores share the mean of their ranks. Friedman's test is Iman and Davenport's
    `F = (n − 1)χ² / (n(k − 1) − χ²)` above 10 data sets; for fewer, where F finds
    differences too often, χ² is compared with that of ranks permuted within each data set. The
    critical difference is `q_α · √(k(k + 1) / 6n)`. Wilcoxon's signed-rank test leaves out data
    sets without a difference.

    Args:
        scores: Arm → one score a data set, the data sets in the same order for every arm. The
            Wilcoxon test ranks differences over data sets: they must be in one unit.
        baseline: The arm that the others are tested against.
        sign: 1 where more is better, -1 where less is.
        alpha: The level of the critical difference and the verdicts.

    Raises:
        RegkitError: without scores, where arms have unequal numbers of them or one is not finite,
            or where the baseline is no arm.

    Source: Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7
    (2006).

    Example:
        >>> ranking = rank({"none": [0.7, 0.8, 0.6], "l2": [0.8, 0.9, 0.7]}, baseline="none")
        >>> ranking.mean_ranks, ranking.smallest_p, ranking.verdicts
        ({'none': 2.0, 'l2': 1.0}, 0.25, {'l2': 'cannot conclude'})
    """
    arms, table = tuple(scores), sign * _table(scores, baseline)
    n = table.shape[1]
    ranks = stats.rankdata(_without_rounding_errors(-table, np.abs(table).max(axis=0)), axis=0)
    others = [arm for arm in arms if arm != baseline]
    base, largest = table[arms.index(baseline)], np.abs(table).max()
    gains = [_without_rounding_errors(table[arms.index(arm)] - base, largest) for arm in others]
    adjusted = holm([_signed_rank_p(gain) for gain in gains])
    return Ranking(
        arms=arms,
        baseline=baseline,
        n=n,
        mean_ranks=dict(zip(arms, ranks.mean(axis=1).tolist(), strict=True)),
        friedman_p=_friedman_p(ranks),
        critical_difference=_critical_difference(len(arms), n, alpha),
        wilcoxon_p=dict(zip(others, adjusted.tolist(), strict=True)),
        smallest_p=smallest_p(n, len(others)),
        verdicts={
            arm: verdict(float(_signed_ranks(gain).sum()), float(p), 1.0, alpha)
            for arm, gain, p in zip(others, gains, adjusted, strict=True)
        },
    )


def smallest_p(n: int, arms: int = 1) -> float:
    """Return the smallest p value that Wilcoxon's test can reach: `arms · 2¹⁻ⁿ`, at most 1.

    Of n data sets, for `arms` arms against the baseline by Holm's correction.

    Example:
        >>> smallest_p(5), smallest_p(6)
        (0.0625, 0.03125)
    """
    return min(1.0, arms * 2.0 ** (1 - n))


def cliques(ranking: Ranking) -> list[tuple[str, ...]]:
    """Return the groups, best first, within which no two mean ranks differ critically.

    Each is as large as can be; an arm may be in several. They are the bars of the diagram, so an
    arm that differs from all others is in none.

    Example:
        >>> scores = {"none": [0.7, 0.8, 0.6], "l2": [0.8, 0.9, 0.7]}
        >>> cliques(rank(scores, baseline="none"))
        [('l2', 'none')]
    """
    order = sorted(ranking.arms, key=ranking.mean_ranks.__getitem__)
    places = [ranking.mean_ranks[arm] for arm in order]
    groups: list[tuple[str, ...]] = []
    reached = 0
    for start, place in enumerate(places):
        end = sum(other - place < ranking.critical_difference for other in places)
        if end > max(reached, start + 1):
            groups.append(tuple(order[start:end]))
            reached = end
    return groups


def _table(scores: Mapping[str, Sequence[float]], baseline: str) -> Floats:
    """Return the scores as an array (arms, data sets)."""
    if baseline not in scores:
        raise RegkitError(f"the baseline {baseline!r} is not among the arms {list(scores)}")
    counts = {arm: len(row) for arm, row in scores.items()}
    if len(set(counts.values())) != 1 or not min(counts.values()):
        raise RegkitError(f"every arm needs one score a data set; received so many: {counts}")
    table = np.array(list(scores.values()), np.float64)
    if not np.isfinite(table).all():
        raise RegkitError(f"scores must be finite; received {dict(scores)}")
    return table


def _without_rounding_errors(values: Floats, size: Floats | float) -> Floats:
    """Return values in units of `size`, to 12 digits: arithmetic alone must not break a tie."""
    return np.asarray(np.round(values / np.where(size == 0, 1.0, size), 12))


def _friedman_p(ranks: Floats) -> float | None:
    """Return the p value of "all arms are equal", None where no test is possible."""
    k, n = ranks.shape
    if k < 3 or n < 2:
        return None
    if not np.ptp(ranks, axis=0).any():  # nothing but ties
        return 1.0
    if n <= _FEW:
        return _permuted_p(ranks)
    chi2 = float(stats.friedmanchisquare(*ranks).statistic)
    rest = n * (k - 1) - chi2
    f = (n - 1) * chi2 / rest if rest > 1e-9 else math.inf
    return float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))


def _permuted_p(ranks: Floats) -> float:
    """Return Friedman's p value by permutation within each data set: all of them, or 9999."""

    def spread(*of_data_sets: Floats, axis: int = -1) -> Floats:
        return np.asarray((np.sum(of_data_sets, axis=0) ** 2).sum(axis=axis))

    result = stats.permutation_test(
        tuple(ranks.T),
        spread,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=9_999,
        alternative="greater",
        random_state=np.random.default_rng(0),
    )
    return float(result.pvalue)


def _critical_difference(k: int, n: int, alpha: float) -> float:
    if k < 2 or n < 2:
        return math.inf
    q = float(stats.studentized_range.ppf(1 - alpha, k, math.inf)) / math.sqrt(2)
    return q * math.sqrt(k * (k + 1) / (6 * n))


def _signed_ranks(gain: Floats) -> Floats:
    """Return the ranks of the differences' sizes, with their signs; 0 is no difference."""
    gain = gain[gain != 0]
    return np.asarray(np.sign(gain) * stats.rankdata(np.abs(gain)))


def _signed_rank_p(gain: Floats) -> float:
    """Return Wilcoxon's p value, exact also with ties where all signs can be gone through."""
    ranks = _signed_ranks(gain)
    if len(ranks) < 2:
        return 1.0
    tied = len(np.unique(np.abs(ranks))) < len(ranks)
    if tied and len(ranks) <= 16:
        return sign_flip(ranks)
    return float(stats.wilcoxon(ranks).pvalue)
