"""The data of members: x, y and weights, which all share or each has for itself, in batches."""

from __future__ import annotations

import operator
from typing import Any

import keras
import numpy as np
from keras import ops

from regkit.types import Array, Nest, Tensor

__all__ = ["batches", "cut", "gathered", "in_order", "named", "tensors"]

_NAMES = ("x", "y", "weights")


def named(parts: tuple[Nest | Array | None, ...]) -> dict[str, Nest | Array]:
    """Return those of x, y and weights that are given, by name."""
    return {name: part for name, part in zip(_NAMES, parts, strict=False) if part is not None}


def gathered(parts: dict[str, Nest], row: Tensor) -> dict[str, Nest]:
    """Return the examples of a row, by name."""
    return keras.tree.map_structure(lambda array: ops.take(array, row, axis=0), parts)


def in_order(parts: dict[str, Nest]) -> tuple[Nest, ...]:
    """Return a batch as Keras takes it: x, y and perhaps weights."""
    return tuple(parts[name] for name in _NAMES if name in parts)


def cut(x: Nest, size: int, axis: int) -> list[Nest]:
    """Return the batches of inputs, cut along the axis of examples, as tensors."""
    count = keras.tree.flatten(x)[0].shape[axis]
    if count <= size:
        return [tensors(x)]
    before = (slice(None),) * axis
    places = [(*before, slice(at, at + size)) for at in range(0, count, size)]
    batches = [keras.tree.map_structure(operator.itemgetter(place), x) for place in places]
    return [tensors(batch) for batch in batches]


def batches(data: Nest, size: int) -> tuple[Array | None, Array | None]:
    """Return the rows of whole batches, (batches, size), and of the last one."""
    count = keras.tree.flatten(data)[0].shape[0]
    rows = np.arange(count, dtype="int32")
    steps, rest = divmod(count, size)
    whole = rows[: steps * size].reshape(steps, size) if steps else None
    return whole, rows[-rest:] if rest else None


def tensors(nest: object) -> Any:
    """Return a nest of arrays as tensors; None stays."""
    return keras.tree.map_structure(
        lambda value: None if value is None else ops.convert_to_tensor(value), nest
    )
