"""Images sampled between their pixels: nearest, bilinear or bicubic, with five kinds of border.

The borders are named and meant as in `keras.ops.image.map_coordinates`, for a row a b c d:

    constant    k k k | a b c d | k k k      k = fill_value, into which the border blends
    nearest     a a a | a b c d | d d d
    wrap        b c d | a b c d | a b c
    mirror      d c b | a b c d | c b a      about the centers of the border's pixels
    reflect     c b a | a b c d | d c b      about their outer edges

(SciPy calls constant "grid-constant" and wrap "grid-wrap".) Bicubic is Keys' convolution with
a = −0.75, as in OpenCV and PyTorch; SciPy's order 3 is another curve, a B-spline.
"""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import keras
from keras import ops

from regkit.ops.precision import dtype_of, in_type
from regkit.types import Number, Tensor

__all__ = ["BORDERS", "KERNELS", "displaced", "folded", "keys_weights", "rows_at"]

_Values = TypeVar("_Values")

BORDERS = ("constant", "nearest", "wrap", "mirror", "reflect")
KERNELS = ("bilinear", "bicubic", "nearest")


def keys_weights(t: Number, a: float = -0.75) -> list[Number]:
    """Return the weights of the pixels −1, 0, 1 and 2 at the place 0 ≤ t < 1.

    Keys 1981, Cubic convolution interpolation for digital image processing, section II.

    Example:
        >>> keys_weights(0.5)
        [-0.09375, 0.59375, 0.59375, -0.09375]
    """
    u = 1.0 - t
    near = partial(_near, a=a)
    return [a * t * u * u, near(t), near(u), a * u * t * t]


def _near(distance: Number, a: float) -> Number:
    return ((a + 2.0) * distance - (a + 3.0)) * distance * distance + 1.0


def displaced(
    images: Tensor,
    field: Tensor,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
) -> Tensor:
    """Return images whose pixel at (x, y) is the old image's value at (x, y) + field(x, y).

    Args:
        images: Of shape (batch, height, width, channels), height and width known; floating or
            whole numbers. Those are rounded, and 8 and 16 bits clipped to their range.
        field: Of shape (batch, rows, columns, 2), which are those of the result, in pixels: along
            x, then along y; float32, for half precision has no digits for coordinates, or float64.
        interpolation: "bilinear", "bicubic" or "nearest".
        fill_mode: The kind of border, one of `BORDERS`.
        fill_value: The value there, where `fill_mode` is "constant".

    Returns:
        Images of the type of `images`; computed in the type of the field.

    Example:
        >>> row = ops.reshape(ops.array([1.0, 2.0, 4.0]), (1, 1, 3, 1))
        >>> right = ops.tile(ops.array([0.5, 0.0]), (1, 1, 3, 1))
        >>> ops.convert_to_numpy(displaced(row, right)).ravel().round(3).tolist()
        [1.5, 3.0, 2.0]
    """
    values = _sampled(images, field, interpolation, fill_mode, fill_value)
    return in_type(values, dtype_of(images))


def _gathered(
    images: Tensor, field: Tensor, interpolation: str, fill_mode: str, fill_value: float
) -> Tensor:
    """Return the samples, on any backend, by one gather for each pixel of the kernel."""
    _, height, width, channels = images.shape
    _, lines, across, _ = field.shape
    columns, rows = ops.arange(across, dtype="int32"), ops.arange(lines, dtype="int32")[:, None]
    along_x = _along(field[..., 0], columns, width, interpolation, fill_mode)
    along_y = _along(field[..., 1], rows, height, interpolation, fill_mode)
    (x_places, x_weights), (y_places, y_weights) = _computed_once(along_x), _computed_once(along_y)
    first = ops.arange(ops.shape(images)[0], dtype="int32") * (height * width)
    first = ops.reshape(first, (-1, 1, 1))
    pixels = ops.reshape(images, (-1, channels))

    def value(y: Tensor, x: Tensor) -> Tensor:
        return ops.cast(rows_at(pixels, first + y * width + x), field.dtype)

    blended = [_weighted(x_weights, [value(y, x) for x in x_places]) for y in y_places]
    total = _weighted(y_weights, blended)
    if fill_mode == "constant" and fill_value:
        total = total + fill_value * (1.0 - sum(x_weights) * sum(y_weights))
    return total


def _weighted(weights: list[Number], values: list[Tensor]) -> Tensor:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


def _along(
    shift: Tensor, pixels: Tensor, size: int, interpolation: str, fill_mode: str
) -> tuple[list[Tensor], list[Number]]:
    """Return the pixels that a sample reads along one axis, and their weights, with a channel axis.

    Args:
        shift: The displacement along the axis, for each pixel.
        pixels: The positions 0 … size − 1, shaped to broadcast with the shift.
        size: The length of the axis.
        interpolation: As in `displaced`.
        fill_mode: As in `displaced`.
    """
    # Whole pixels are added to the index as integers, so that the fraction keeps all its digits.
    whole = ops.round(shift) if interpolation == "nearest" else ops.floor(shift)
    fraction = ops.expand_dims(shift - whole, -1)
    if interpolation == "nearest":
        offsets, weights = range(1), [ops.ones_like(fraction)]
    elif interpolation == "bilinear":
        offsets, weights = range(2), [1.0 - fraction, fraction]
    else:
        offsets, weights = range(-1, 3), keys_weights(fraction)
    start = pixels + ops.cast(whole, "int32")
    places = [start + offset for offset in offsets]
    if fill_mode == "constant":
        inside = [ops.logical_and(place >= 0, place < size) for place in places]
        weights = [
            ops.where(there[..., None], weight, 0.0)
            for there, weight in zip(inside, weights, strict=True)
        ]
    return [folded(place, size, fill_mode) for place in places], weights


def folded(place: Tensor, size: int, fill_mode: str) -> Tensor:
    """Return the pixel of the image, 0 … size − 1, whose value a place within or beyond it has."""
    if fill_mode == "wrap":
        return ops.mod(place, size)
    if fill_mode == "mirror":
        period = max(2 * (size - 1), 1)
        place = ops.mod(place, period)
        return ops.minimum(place, period - place) if size > 1 else place
    if fill_mode == "reflect":
        place = ops.mod(place, 2 * size)
        return ops.minimum(place, 2 * size - 1 - place)
    return ops.clip(place, 0, size - 1)


def rows_at(rows: Tensor, index: Tensor) -> Tensor:
    """Return `rows[index]`, for indices that are within bounds."""
    return ops.take(rows, index, axis=0)


def _computed_once(values: _Values) -> _Values:
    return values


_sampled = _gathered
if keras.backend.backend() == "tensorflow":
    # Some forty operations on whole images cost memory traffic unless XLA fuses them.
    from regkit.ops.backends.tensorflow import compiled

    _sampled = compiled(_gathered)
elif keras.backend.backend() == "jax":
    from regkit.ops.backends.jax import computed_once as _computed_once
    from regkit.ops.backends.jax import rows_at
elif keras.backend.backend() == "torch":
    # `grid_sample` reads and blends in one pass; it has every border but "wrap".
    from regkit.ops.backends.torch import grid_sampled

    def _sampled(
        images: Tensor, field: Tensor, interpolation: str, fill_mode: str, fill_value: float
    ) -> Tensor:
        sample = _gathered if fill_mode == "wrap" else grid_sampled
        return sample(images, field, interpolation, fill_mode, fill_value)
