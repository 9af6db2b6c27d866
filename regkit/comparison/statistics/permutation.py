"""A test of paired differences that assumes no distribution, as a pure function of an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from regkit.core.errors import RegkitError

__all__ = ["sign_flip"]

_FLIPS = 100_000  # all 2ⁿ are fewer up to n = 16: then SciPy goes through each of them once


def sign_flip(values: ArrayLike) -> float:
    """Return the two-sided p value of the sign-flip permutation test of a mean paired difference.

    If the arms are equal, every difference could as well have the other sign:
    `p = #{signs: |mean(±values)| ≥ |mean(values)|} / 2ⁿ`. It is exact up to 16 pairs. Above them
    it is estimated from m = 100,000 draws with a fixed seed, of which b reach the mean, as
    `(b + 1) / (m + 1)`. It is never below `2¹⁻ⁿ`: five pairs cannot reach p < 0.05.

    It is valid for independent pairs, as of a fixed test set. Pairs from splits of one pool share
    examples: `paired_differences.difference` with its overlap is right for those, this is not.

    Args:
        values: One difference a pair, shape `(n,)`.

    Raises:
        RegkitError: without pairs, or with a value that is not finite.

    Source: Fisher, "The design of experiments" (1935), section 21; the estimate: Phipson and
    Smyth, "Permutation p-values should never be zero" (2010).

    Example:
        >>> sign_flip([1.0, 2.0, 3.0, 4.0, 5.0])
        0.0625
    """
    d = np.asarray(values, np.float64)
    if d.ndim != 1 or not len(d) or not np.isfinite(d).all():
        raise RegkitError(f"differences must be finite, in one row; received {values!r}")
    if len(d) == 1:
        return 1.0
    result = stats.permutation_test(
        (d,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=_FLIPS,
        batch=10_000,
        random_state=np.random.default_rng(0),
    )
    return float(result.pvalue)
