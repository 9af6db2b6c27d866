"""The form of a tensor: dense, or one that holds some of its elements only."""

from __future__ import annotations

from typing import Any

__all__ = ["is_dense"]

_OTHERS = ("SparseTensor", "RaggedTensor", "BCOO")


def is_dense(x: Any) -> bool:
    """Return whether a tensor has all of its elements: it is not sparse, nor ragged.

    Example:
        >>> import keras
        >>> is_dense(keras.ops.ones((2, 3)))
        True
    """
    return type(x).__name__ not in _OTHERS and not getattr(x, "is_sparse", False)
