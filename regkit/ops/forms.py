"""The storage of a tensor: dense, or sparse or ragged."""

from __future__ import annotations

__all__ = ["is_dense"]

_NOT_DENSE = ("SparseTensor", "RaggedTensor", "BCOO")


def is_dense(x: object) -> bool:
    """Return whether a tensor stores all of its elements: it is neither sparse nor ragged.

    Example:
        >>> import keras
        >>> is_dense(keras.ops.ones((2, 3)))
        True
    """
    return type(x).__name__ not in _NOT_DENSE and not getattr(x, "is_sparse", False)
