"""Points that move with an image: the inverse of a map of places.

A map tells where a pixel of the output comes from; a point goes the other way.
"""

from __future__ import annotations

import numpy as np
from keras import ops

from regkit.ops.geometry import Field, Pixels, PlaceMap, as_affine, center
from regkit.ops.interpolation import displaced
from regkit.ops.precision import dtype_of, in_type
from regkit.types import Tensor

__all__ = ["moved_points"]

_ROUNDS = 12  # of Newton's method: it converges in four or five where nothing folds
_LEAST = 0.05  # by which an area shrinks at most in a round, where a field folds


def moved_points(place_map: PlaceMap, points: Tensor) -> Tensor:
    """Return where points of the input are in the output.

    An affine map is inverted exactly. In a field the place is that p with p + displacement(p) = q,
    found by Newton's method; there is one where the field folds nothing.

    Args:
        place_map: The map of the images.
        points: Of shape (batch, points, 2), x and y in pixels; the first pixel's center is (0, 0).

    Example:
        >>> right = Pixels(None, ops.array([[-2, 0]]), (4, 4), (4, 4))
        >>> ops.convert_to_numpy(moved_points(right, ops.array([[[1.0, 1.0]]]))).tolist()
        [[[3.0, 1.0]]]
    """
    if isinstance(place_map, Field):
        wanted = ops.cast(points, place_map.displacement.dtype)
        return in_type(_found(place_map.displacement, wanted), dtype_of(points))
    affine = as_affine(place_map) if isinstance(place_map, Pixels) else place_map
    dtype = affine.matrix.dtype
    turn, shift = affine.matrix[:, :, :2], affine.matrix[:, :, 2]
    off = ops.cast(points, dtype) - ops.cast(center(affine.source), dtype) - shift[:, None]
    back = _solved(turn[:, None], off) + ops.cast(center(affine.size), dtype)
    return in_type(back, dtype_of(points))


def _solved(matrix: Tensor, right: Tensor, least: float = 0.0) -> Tensor:
    """Return v with matrix · v = right, for matrices of shape (..., 2, 2)."""
    a, b, c, d = (matrix[..., row, column] for row in (0, 1) for column in (0, 1))
    x, y = right[..., 0], right[..., 1]
    area = a * d - b * c
    if least:
        area = ops.where(ops.abs(area) < least, least, area)
    return ops.stack([(d * x - b * y) / area, (a * y - c * x) / area], axis=-1)


def _found(displacement: Tensor, wanted: Tensor) -> Tensor:
    """Return the places p with p + displacement(p) = wanted, (batch, points, 2)."""
    _, height, width, _ = displacement.shape
    like = wanted.dtype
    slopes = [_slope(displacement, axis) for axis in (2, 1)]  # along x, along y
    known = ops.concatenate([displacement, *slopes], axis=-1)
    last = ops.cast(np.array([width - 1, height - 1]), like)
    # Places are read as a column of pixels, the k-th of which is at (0, k) before it is displaced.
    count = wanted.shape[1]
    column = ops.cast(np.stack([np.zeros(count), np.arange(count)], -1), like)

    def at(place: Tensor) -> tuple[Tensor, Tensor]:
        """Return displacement and matrix, I + slopes; beyond the border they go on straight."""
        inside = ops.clip(place, 0.0, last)
        read = displaced(known, (inside - column)[:, :, None], "bilinear", "nearest")[:, :, 0]
        matrix = ops.stack([read[..., 2:4], read[..., 4:6]], axis=-1)
        beyond = ops.sum(matrix * (place - inside)[..., None, :], axis=-1)
        return read[..., :2] + beyond, matrix + ops.eye(2, dtype=like)

    # From the matrix that is nearest to the field as a whole: it may turn and mirror.
    mean = ops.mean(known, axis=(1, 2))[:, None]
    matrix = ops.stack([mean[..., 2:4], mean[..., 4:6]], axis=-1) + ops.eye(2, dtype=like)
    place = last / 2 + _solved(matrix, wanted - last / 2 - mean[..., :2], _LEAST)
    for _ in range(_ROUNDS):
        moved, matrix = at(place)
        place = place - _solved(matrix, place + moved - wanted, _LEAST)
    return place


def _slope(values: Tensor, axis: int) -> Tensor:
    """Return the differences of neighbours along an axis of images, halved between two."""
    size = values.shape[axis]
    if size == 1:
        return ops.zeros_like(values)
    low, high = ((slice(None),) * axis + (part,) for part in (slice(0, -1), slice(1, None)))
    steps = values[high] - values[low]
    middle = (steps[low] + steps[high]) / 2
    first, last = ((slice(None),) * axis + (part,) for part in (slice(0, 1), slice(-1, None)))
    return ops.concatenate([steps[first], middle, steps[last]], axis=axis)
