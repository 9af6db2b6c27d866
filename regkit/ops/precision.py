"""Types of numbers: that to compute in, at least float32, and the way back to what was given."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
from keras import ops

from regkit.types import Tensor

__all__ = ["dtype_of", "in_type", "wide", "widened"]


def wide(*tensors: Tensor) -> str:
    """Return "float64" where Keras' `floatx` or one of the tensors is float64, else "float32".

    Half precision has too few digits to sum squares or to draw in, and float64 values would lose
    digits in any other type.

    Example:
        >>> wide(ops.ones(2, "float16"))
        'float32'
    """
    types = [keras.config.floatx(), *(dtype_of(tensor) for tensor in tensors)]
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


def in_type(values: Tensor, dtype: str) -> Tensor:
    """Return floating numbers in a type: whole ones are rounded, of 8 and 16 bits cut to its range.

    Of booleans a half and more is true.

    Example:
        >>> ops.convert_to_numpy(in_type(ops.array([1.6, 300.0]), "uint8")).tolist()
        [2, 255]
    """
    if dtype == "bool":
        return values >= 0.5
    if "int" in dtype:
        values = ops.round(values)
        bounds = np.iinfo(dtype)
        if bounds.bits <= 16:  # the bounds of wider types are not exact in float32
            values = ops.clip(values, bounds.min, bounds.max)
    return ops.cast(values, dtype)


def dtype_of(tensor: object) -> str:
    """Return the type of a tensor's numbers as Keras names it; an empty text for what has none.

    Example:
        >>> dtype_of(ops.ones(2, "float16")), dtype_of(0.5)
        ('float16', '')
    """
    dtype = getattr(tensor, "dtype", None)
    return "" if dtype is None else str(keras.backend.standardize_dtype(dtype))
