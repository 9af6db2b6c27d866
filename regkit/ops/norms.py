"""Norms over a list of weights, as penalties need them, in at least float32."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from regkit.ops.precision import widened
from regkit.types import Tensor

__all__ = ["sum_of_absolutes", "sum_of_squares"]


def sum_of_absolutes(tensors: Sequence[Tensor]) -> Tensor:
    """Return Σ‖w‖₁ over tensors of any shapes, a scalar.

    Example:
        >>> float(sum_of_absolutes([[1.0, -2.0], [[3.0]]]))
        6.0
    """
    return _total([ops.sum(ops.abs(tensor)) for tensor in widened(tensors)])


def sum_of_squares(tensors: Sequence[Tensor]) -> Tensor:
    """Return Σ‖w‖₂² over tensors of any shapes, a scalar.

    Example:
        >>> float(sum_of_squares([[1.0, -2.0], [[3.0]]]))
        14.0
    """
    return _total([ops.sum(ops.square(tensor)) for tensor in widened(tensors)])


def _total(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
