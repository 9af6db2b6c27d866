"""The floating type to compute in: at least float32, and float64 where that is in use."""

from __future__ import annotations

from collections.abc import Iterable

import keras
from keras import ops

from regkit.types import Tensor

__all__ = ["wide", "widened"]


def wide(*tensors: Tensor) -> str:
    """Return "float64" where Keras' `floatx` or one of the tensors is float64, else "float32".

    Half precision has too few digits to sum squares or to draw in, and float64 values would lose
    digits in any other type.

    Example:
        >>> wide(ops.ones(2, "float16"))
        'float32'
    """
    types = [keras.config.floatx(), *(_name(tensor) for tensor in tensors)]
    return "float64" if "float64" in types else "float32"


def widened(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return tensors cast to the type that `wide` names for them.

    Example:
        >>> half = ops.ones(2, "float16")
        >>> [keras.backend.standardize_dtype(tensor.dtype) for tensor in widened([half])]
        ['float32']
    """
    tensors = list(tensors)
    dtype = wide(*tensors)
    return [ops.cast(tensor, dtype) for tensor in tensors]


def _name(tensor: object) -> str:
    dtype = getattr(tensor, "dtype", None)
    return "" if dtype is None else str(keras.backend.standardize_dtype(dtype))
