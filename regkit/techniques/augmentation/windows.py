"""Rectangles of pixels, one for each example: which pixels are inside."""

# Helper module: it has no technique.

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from keras import ops

from regkit.core.context import Context
from regkit.core.images import map_images
from regkit.core.moving import image_sizes
from regkit.core.stages import Batch
from regkit.ops import random as numbers
from regkit.types import Schedule, Tensor

__all__ = ["erased_images", "inside_windows", "scaled_windows"]

# Draws top, left, bottom and right, each (batch,), of rectangles in images of a height and a width.
Windows = Callable[[Tensor | int, int, int], list[Tensor]]


class _Erases(Protocol):
    probability: float | Schedule
    data_format: str | None


def inside_windows(windows: list[Tensor], height: int, width: int) -> Tensor:
    """Return which pixels are in the rectangles, (batch, height, width, 1).

    Args:
        windows: Top, left, bottom and right, whole numbers of shape (batch,); the last two are not
            inside.
        height: Of the images.
        width: Likewise.

    Example:
        >>> one = [ops.array([value]) for value in (0, 1, 2, 3)]
        >>> ops.convert_to_numpy(inside_windows(one, 2, 4))[0, 0, :, 0].tolist()
        [False, True, True, False]
    """
    top, left, bottom, right = (ops.reshape(edge, (-1, 1, 1)) for edge in windows)
    rows = ops.arange(height, dtype="int32")[:, None]
    columns = ops.arange(width, dtype="int32")
    down = ops.logical_and(rows >= top, rows < bottom)
    across = ops.logical_and(columns >= left, columns < right)
    return ops.logical_and(down, across)[..., None]


def scaled_windows(windows: list[Tensor], ratios: tuple[float, float]) -> list[Tensor]:
    """Return the rectangles in images of another size, to whole pixels.

    Example:
        >>> half = scaled_windows([ops.array([value]) for value in (2, 4, 6, 8)], (0.5, 1.0))
        >>> [int(edge[0]) for edge in half]
        [1, 4, 3, 8]
    """
    if ratios == (1.0, 1.0):
        return windows
    down, across = ratios
    return [
        ops.cast(ops.round(ops.cast(edge, "float32") * ratio), "int32")
        for edge, ratio in zip(windows, (down, across, down, across), strict=True)
    ]


def erased_images(
    technique: _Erases,
    batch: Batch,
    context: Context,
    windows: Windows,
    filling: Callable[[Tensor], Tensor],
) -> Batch:
    """Return a batch whose images are filled within rectangles, the same in all of an example.

    Args:
        technique: With `probability` and `data_format`; an error names it.
        batch: What DATA received.
        context: Of the step.
        windows: Draws the rectangles for the largest image.
        filling: Returns what is put into images, of their shape and type.

    Raises:
        AttachError: where no input is an image of known height and width.
    """
    sizes = image_sizes(batch, technique, technique.data_format)
    height, width = sizes.largest
    drawn = windows(sizes.batch, height, width)
    hit = None
    if technique.probability != 1.0:
        share = context.value(technique.probability)
        # By a place of its own: what is filled in is the same for every probability.
        hit = numbers.bernoulli(context.draws.key_at(0), (sizes.batch, 1, 1, 1), share)

    def erased(images: Tensor) -> Tensor:
        _, rows, columns, _ = images.shape
        own = scaled_windows(drawn, (rows / height, columns / width))
        inside = inside_windows(own, rows, columns)
        inside = inside if hit is None else ops.logical_and(inside, hit)
        return ops.where(inside, filling(images), images)

    return map_images(erased, batch, technique, technique.data_format)
