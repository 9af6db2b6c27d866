"""Norms of lists of weights, as penalties use them, in the type that `precision.wide` names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from regkit.ops.precision import widened

__all__ = ["sum_of_absolutes", "sum_of_squares"]

Tensor = Any


def sum_of_absolutes(tensors: Sequence[Tensor]) -> Tensor:
    """Return Σ‖w‖₁ over tensors of any shapes, a scalar.

    Example:
        >>> float(sum_of_absolutes([[1.0, -2.0], [[3.0]]]))
        6.0
    """
    return _total([ops.sum(ops.abs(one)) for one in widened(tensors)])


def sum_of_squares(tensors: Sequence[Tensor]) -> Tensor:
    """Return Σ‖w‖₂² over tensors of any shapes, a scalar.

    Example:
        >>> float(sum_of_squares([[1.0, -2.0], [[3.0]]]))
        14.0
    """
    return _total([ops.sum(ops.square(one)) for one in widened(tensors)])


def _total(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
