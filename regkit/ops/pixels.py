"""Motions by whole pixels: mirrored and cut windows of images, exact to the bit.

Along an axis of which the window has n pixels, pixel p comes from shift + p, or, where the axis is
mirrored, from shift + (n − 1 − p). Nothing is computed with the pixels: they are copied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from keras import ops

from regkit.ops.interpolation import folded, rows_at
from regkit.types import Array, Tensor

__all__ = ["Pixels", "composed_pixels", "picked"]

Sides = tuple[int, int]  # height, width


@dataclass(frozen=True)
class Pixels:
    """Windows of images, perhaps mirrored.

    Attributes:
        mirrored: Whether each axis is, booleans of shape (batch, 2), along x and y; None for never.
        shift: Where the window begins, int32 of shape (batch, 2); None for (0, 0).
        source: Height and width of the input.
        size: Height and width of the window.
        axes: Which axes, x and y, any example may have mirrored: the others cost nothing.
    """

    mirrored: Tensor | None
    shift: Tensor | None
    source: Sides
    size: Sides
    axes: tuple[bool, bool] = (True, True)


def composed_pixels(first: Pixels, then: Pixels) -> Pixels:
    """Return two motions, one after the other, as one.

    Example:
        >>> window = Pixels(None, ops.array([[2, 0]]), (4, 6), (4, 4))
        >>> mirror = Pixels(ops.array([[True, False]]), None, (4, 6), (4, 6))
        >>> ops.convert_to_numpy(composed_pixels(mirror, window).shift).tolist()
        [[0, 0]]
    """
    mirrored, axes = _either(first.mirrored, then.mirrored), _axes_of(first, then)
    if then.shift is None and then.size == then.source:  # the window stays
        return replace(first, mirrored=mirrored, axes=axes)
    later = _shift_of(then)
    shift = _shift_of(first) + later
    if first.mirrored is not None:
        rest = ops.convert_to_tensor(_sides(first.size) - _sides(then.size), "int32")
        other = _shift_of(first) + rest - later
        shift = ops.where(first.mirrored, other, shift)
    return Pixels(mirrored, shift, first.source, then.size, axes)


def _axes_of(*motions: Pixels) -> tuple[bool, bool]:
    """Return the axes that one of the motions may mirror."""
    own = [motion.axes for motion in motions if motion.mirrored is not None]
    return any(x for x, _ in own), any(y for _, y in own)


def _either(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return ops.not_equal(one, other)


def _shift_of(pixels: Pixels) -> Tensor:
    return ops.zeros((1, 2), "int32") if pixels.shift is None else pixels.shift


def _sides(size: Sides) -> Array:
    """Return width and height, in the order x, y."""
    return np.array([size[1], size[0]])


def picked(
    images: Tensor, pixels: Pixels, fill_mode: str = "constant", fill_value: float = 0.0
) -> Tensor:
    """Return the windows of images, as copies of their pixels.

    Args:
        images: Of shape (batch, height, width, channels), of any type.
        pixels: The windows; of each example, or one for all.
        fill_mode: What lies beyond the border, see `regkit.ops.interpolation`.
        fill_value: The value there, where `fill_mode` is "constant".

    Example:
        >>> row = ops.reshape(ops.array([1, 2, 4]), (1, 1, 3, 1))
        >>> mirror = Pixels(ops.array([[True, False]]), None, (1, 3), (1, 3))
        >>> ops.convert_to_numpy(picked(row, mirror)).ravel().tolist()
        [4, 2, 1]
    """
    if pixels.shift is not None or pixels.size != pixels.source:
        images = _cut(images, pixels, fill_mode, fill_value)
    if pixels.mirrored is None:
        return images
    for place, axis in ((0, 2), (1, 1)):
        if not pixels.axes[place]:
            continue
        mirrored = ops.reshape(pixels.mirrored[:, place], (-1, 1, 1, 1))
        images = ops.where(mirrored, ops.flip(images, axis), images)
    return images


def _cut(images: Tensor, pixels: Pixels, fill_mode: str, fill_value: float) -> Tensor:
    (height, width), (lines, across) = pixels.source, pixels.size
    channels = images.shape[-1]
    shift = _shift_of(pixels)
    x = shift[:, :1] + ops.arange(across, dtype="int32")
    y = shift[:, 1:] + ops.arange(lines, dtype="int32")
    first = ops.arange(ops.shape(images)[0], dtype="int32")[:, None] * height
    # Whole rows are copied, then pixels of these.
    rows = ops.reshape(first + folded(y, height, fill_mode), (-1,))
    cut = rows_at(ops.reshape(images, (-1, width * channels)), rows)
    lead = ops.arange(ops.shape(images)[0] * lines, dtype="int32") * width
    columns = ops.reshape(lead, (-1, lines, 1)) + folded(x, width, fill_mode)[:, None]
    cut = rows_at(ops.reshape(cut, (-1, channels)), columns)
    if fill_mode != "constant":
        return cut
    inside = ops.logical_and(
        ops.logical_and(y >= 0, y < height)[:, :, None], ops.logical_and(x >= 0, x < width)[:, None]
    )
    return ops.where(inside[..., None], cut, ops.cast(fill_value, cut.dtype))
