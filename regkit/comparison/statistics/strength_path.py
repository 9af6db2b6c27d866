"""The strength to choose from a path of them, by the one-standard-error rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regkit.core.errors import RegkitError

__all__ = ["StrengthPath", "one_standard_error"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StrengthPath:
    """A measure against strength, with the strength that is best and the one that is chosen.

    Attributes:
        strengths: The strengths `(s,)`, in the order given.
        mean: The mean of the measure at each, `(s,)`; NaN where it is not finite in some repeat.
        standard_error: The standard error of each mean, `(s,)`.
        best: The index of the best mean; of equal ones, of the strongest.
        chosen: The index of the strongest whose mean is within one standard error of the best.
        limit: The value that a mean must reach to be within it.
    """

    strengths: Floats
    mean: Floats
    standard_error: Floats
    best: int
    chosen: int
    limit: float


def one_standard_error(measured: ArrayLike, strengths: ArrayLike, sign: int = 1) -> StrengthPath:
    """Return the strongest regularization that is as good as the best, within the error of that.

    The best strength has the best mean over repeats, and the chosen one is
    `max {λ : mean(λ) ≥ mean(best) − se(best)}` (`≤ … +` where less is better), with
    `se = √(Σ_r (m_r − mean)² / (R (R − 1)))`. The standard error is that of the mean at the best
    strength alone. It takes the repeats for independent; splits of the same examples are not quite,
    so the rule is a convention for leaning to the simpler model, and no test.

    Args:
        measured: A validation measure `(R, s)`, a row for each of at least 2 repeats, a column for
            each strength. A strength that is not finite in some repeat, as where training diverged,
            is neither best nor chosen.
        strengths: The strengths `(s,)`, in any order, no two of them equal.
        sign: 1 where more of the measure is better, -1 where less is.

    Raises:
        RegkitError: for other shapes, fewer repeats, strengths that are not finite or are equal,
            and where no strength is finite in all repeats.

    Source: Breiman, Friedman, Olshen and Stone, "Classification and regression trees" (1984); as
    `lambda.1se` of glmnet: Friedman, Hastie and Tibshirani, "Regularization paths for generalized
    linear models via coordinate descent" (2010).

    Example:
        >>> losses = [[3.0, 1.0, 1.5, 4.0], [3.0, 2.0, 2.0, 4.0]]  # two repeats
        >>> path = one_standard_error(losses, [0.0, 0.01, 0.1, 1.0], sign=-1)
        >>> path.strengths[path.best].item(), path.strengths[path.chosen].item(), path.limit
        (0.01, 0.1, 2.0)
    """
    table, strength = np.asarray(measured, np.float64), np.asarray(strengths, np.float64)
    _check(table, strength)
    n = len(table)
    usable = np.isfinite(table).all(axis=0)
    if not usable.any():
        raise RegkitError("no strength has a finite measure in all repeats; try smaller strengths")
    shown = np.where(usable, table, np.nan)
    mean = shown.mean(axis=0)
    error = shown.std(axis=0, ddof=1) / math.sqrt(n)
    merit = np.where(usable, sign * mean, -np.inf)
    best = _strongest(strength, merit == merit.max())
    least = merit[best] - error[best]
    return StrengthPath(
        strengths=strength,
        mean=mean,
        standard_error=error,
        best=best,
        chosen=_strongest(strength, merit >= least),
        limit=float(sign * least),
    )


def _strongest(strengths: Floats, among: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(among, strengths, -np.inf)))


def _check(table: Floats, strengths: Floats) -> None:
    if table.ndim != 2 or strengths.shape != table.shape[1:] or not len(strengths):
        raise RegkitError(
            "the measures are a table (repeats, strengths) with a column for each strength; "
            f"received shape {table.shape} for strengths of shape {strengths.shape}"
        )
    if len(table) < 2:
        raise RegkitError("a standard error needs at least 2 repeats; received 1")
    if not np.isfinite(strengths).all() or len(np.unique(strengths)) < len(strengths):
        raise RegkitError(f"strengths are finite, each once; received {strengths.tolist()}")
