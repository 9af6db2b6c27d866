"""In which order a member sees its examples: a pure function of its seed and the epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["epoch_order"]


def epoch_order(seed: int, epoch: int, size: int, shuffle: bool = True) -> NDArray[np.int64]:
    """Return a permutation of 0 … size − 1.

    Example:
        >>> epoch_order(1, 0, 4).tolist() == epoch_order(1, 0, 4).tolist()
        True
    """
    if not shuffle:
        return np.arange(size)
    return np.random.default_rng([seed, epoch]).permutation(size)
