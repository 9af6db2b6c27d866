"""The range of numbers of which some, or all, may not be finite."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from keras import ops

from regkit.ops.precision import wide
from regkit.types import Number, Tensor

__all__ = ["finite_range"]


def finite_range(tensors: Iterable[Tensor], *, of_each: bool = False) -> tuple[Number, Number]:
    """Return the least and the largest finite number; (∞, −∞) where there is none.

    Args:
        tensors: Of one batch.
        of_each: Whether of each example by itself: of shape (batch, 1, …), as they broadcast.

    Example:
        >>> low, high = finite_range([ops.array([[1.0, 3.0]]), ops.array([[2.0, float("nan")]])])
        >>> float(low), float(high)
        (1.0, 3.0)
    """
    wider = [ops.cast(x, wide(x)) for x in tensors]

    def least(x: Tensor) -> Tensor:
        axes = tuple(range(1, len(x.shape))) if of_each else None
        return ops.min(
            ops.where(ops.isfinite(x), x, np.inf), axes, keepdims=of_each, initial=np.inf
        )

    lows, highs = [least(x) for x in wider], [-least(-x) for x in wider]
    return functools.reduce(ops.minimum, lows), functools.reduce(ops.maximum, highs)
