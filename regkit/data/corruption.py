"""Label noise: a known amount of wrong labels, to see how a technique copes with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regkit.data.dataset import DataError

__all__ = ["redraw_labels"]


def redraw_labels(
    y: NDArray[np.int64], fraction: float, n_classes: int, seed: int
) -> NDArray[np.int64]:
    """Return a copy in which a fraction of the labels is drawn again, uniformly over all classes.

    `round(fraction · n)` labels are redrawn; of these 1/K keep their value by chance, so that
    `fraction · (K-1)/K` of all labels are wrong (Zhang et al. 2017, "partially corrupted labels").

    Raises:
        DataError: where the fraction is outside [0, 1].

    Example:
        >>> (redraw_labels(np.zeros(1000, np.int64), 0.3, 10, seed=0) > 0).mean().round(1)
        np.float64(0.3)
    """
    if not 0.0 <= fraction <= 1.0:
        raise DataError(f"label noise is a fraction, from 0 to 1; received {fraction}")
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(y))[: round(fraction * len(y))]
    noisy = y.copy()
    noisy[chosen] = random.integers(0, n_classes, len(chosen))
    return noisy
