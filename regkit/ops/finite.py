"""The range of numbers of which some, or all, may not be finite."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from keras import ops

from regkit.ops.precision import wide
from regkit.types import Tensor

__all__ = ["finite_range"]


def finite_range(tensors: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the least and the largest finite number; (∞, −∞) where there is none.

    Example:
        >>> low, high = finite_range([ops.array([[1.0, 3.0]]), ops.array([[2.0, float("nan")]])])
        >>> float(low), float(high)
        (1.0, 3.0)
    """
    wider = [ops.cast(x, wide(x)) for x in tensors]
    lows = [ops.min(ops.where(ops.isfinite(x), x, np.inf), initial=np.inf) for x in wider]
    highs = [ops.max(ops.where(ops.isfinite(x), x, -np.inf), initial=-np.inf) for x in wider]
    return functools.reduce(ops.minimum, lows), functools.reduce(ops.maximum, highs)
