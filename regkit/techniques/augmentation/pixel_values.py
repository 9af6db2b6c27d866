"""Changes of the values of pixels: their range, and how whole numbers keep their type."""

# Helper module: it has no technique.

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated

import keras
import numpy as np
from keras import ops

from regkit.core.context import Context
from regkit.core.images import images_of, map_images
from regkit.core.options import Range, Real
from regkit.core.stages import Batch
from regkit.core.technique import Technique
from regkit.ops.precision import wide
from regkit.techniques.augmentation.spans import drawn
from regkit.types import Number, Schedule, Tensor

__all__ = ["ValueRange", "batch_size", "changed_values", "per_example", "range_of"]

ValueRange = Annotated[
    tuple[float, float] | None,
    Range(Real(), optional=True),
]


def range_of(images: list[Tensor], given: tuple[float, float] | None) -> tuple[Number, Number]:
    """Return the least and the largest value that pixels may have.

    Args:
        images: All images of a batch.
        given: Both, or None for those of the type where it is whole numbers of 8 bits, else for the
            least and the largest finite number in the batch.

    Example:
        >>> low, high = range_of([ops.array([[1.0, 3.0]]), ops.array([[2.0, 5.0]])], None)
        >>> float(low), float(high)
        (1.0, 5.0)
    """
    if given is not None:
        return given
    if all(_dtype(x) == "uint8" for x in images):
        return 0.0, 255.0
    wider = [ops.cast(x, wide(x)) for x in images]
    lows = [ops.min(ops.where(ops.isfinite(x), x, np.inf)) for x in wider]
    highs = [ops.max(ops.where(ops.isfinite(x), x, -np.inf)) for x in wider]
    return functools.reduce(ops.minimum, lows), functools.reduce(ops.maximum, highs)


def changed_values(
    technique: Technique,
    batch: Batch,
    data_format: str | None,
    value_range: tuple[float, float] | None,
    change: Callable[[Tensor, Number, Number], Tensor],
) -> Batch:
    """Return a batch with the values of the pixels of its images changed, within their range.

    Args:
        technique: Which an error names.
        batch: What DATA received.
        data_format: As in `map_images`.
        value_range: As in `range_of`.
        change: Called with floating images, channels last, and the range; gives their new values.

    Raises:
        AttachError: where no input is an image.
    """
    low, high = range_of(images_of(batch, technique, data_format), value_range)

    def changed(images: Tensor) -> Tensor:
        dtype = _dtype(images)
        floating = ops.cast(images, wide(images))
        values = ops.clip(change(floating, low, high), low, high)
        values = ops.round(values) if "int" in dtype else values
        if "int" in dtype and np.iinfo(dtype).bits <= 16:
            values = ops.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max)
        return ops.cast(values, dtype)

    return map_images(changed, batch, technique, data_format)


def batch_size(batch: Batch) -> Tensor | int:
    """Return the number of examples in a batch.

    Example:
        >>> int(batch_size(Batch({"a": None, "b": ops.ones((3, 2))})))
        3
    """
    first = next(x for x in keras.tree.flatten(batch.x) if x is not None)
    size: Tensor | int = ops.shape(first)[0]
    return size


def per_example(
    span: float | Schedule | tuple[float, float],
    probability: float | Schedule,
    batch: Batch,
    context: Context,
) -> Tensor:
    """Return a number for each example, 0 for those that stay, to broadcast with images.

    Args:
        span: From which it is drawn, see `spans`.
        probability: The share of examples that change.
        batch: What DATA received.
        context: Of the step.
    """
    size = batch_size(batch)
    numbers = drawn(span, size, context)
    if probability != 1.0:
        hit = context.draws.bernoulli((size,), context.value(probability))
        numbers = ops.where(hit, numbers, 0.0)
    return ops.reshape(numbers, (-1, 1, 1, 1))


def _dtype(x: Tensor) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))
