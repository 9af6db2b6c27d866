"""Norms of lists of weights, as penalties use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

__all__ = ["sum_of_absolutes", "sum_of_squares"]

Tensor = Any


def sum_of_absolutes(tensors: Sequence[Tensor]) -> Tensor:
    """Return Σ‖w‖₁ over tensors of any shapes, a float32 scalar.

    Example:
        >>> float(sum_of_absolutes([[1.0, -2.0], [[3.0]]]))
        6.0
    """
    return _total([ops.sum(ops.abs(_float32(one))) for one in tensors])


def sum_of_squares(tensors: Sequence[Tensor]) -> Tensor:
    """Return Σ‖w‖₂² over tensors of any shapes, a float32 scalar.

    Example:
        >>> float(sum_of_squares([[1.0, -2.0], [[3.0]]]))
        14.0
    """
    return _total([ops.sum(ops.square(_float32(one))) for one in tensors])


def _float32(tensor: Tensor) -> Tensor:
    return ops.cast(tensor, "float32")  # squares of half-precision weights underflow


def _total(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
