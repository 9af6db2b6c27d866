"""In which floating type to compute: never less than float32, and float64 where it was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

__all__ = ["wide", "widened"]

Tensor = Any


def wide(*tensors: Tensor) -> str:
    """Return "float64" where Keras' `floatx` or one of the tensors is float64, else "float32".

    Half-precision numbers are no type to sum squares or to draw in; float64 ones lose digits in
    anything less.

    Example:
        >>> wide(ops.ones(2, "float16"))
        'float32'
    """
    types = [keras.config.floatx(), *(_name(one) for one in tensors)]
    return "float64" if "float64" in types else "float32"


def widened(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return tensors, all in the type that `wide` names for them."""
    tensors = list(tensors)
    dtype = wide(*tensors)
    return [ops.cast(one, dtype) for one in tensors]


def _name(tensor: Any) -> str:
    dtype = getattr(tensor, "dtype", None)
    return "" if dtype is None else str(keras.backend.standardize_dtype(dtype))
