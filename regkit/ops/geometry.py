"""Where the pixels of a moved image come from: maps of places, composed and applied.

A map tells, for each pixel of the output, the place in the input from which it is read. So of two
motions, one after the other, the map is first(then(p)): the later one is asked first. Places are in
pixels, x along columns and y along rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import ops

from regkit.ops import fields
from regkit.ops.interpolation import displaced
from regkit.ops.pixels import Pixels, Sides, composed_pixels
from regkit.ops.precision import wide
from regkit.types import Array, Tensor

__all__ = [
    "Affine",
    "Field",
    "Pixels",
    "PlaceMap",
    "Sides",
    "as_affine",
    "as_field",
    "center",
    "composed",
    "scaled",
    "scaled_size",
]


@dataclass(frozen=True)
class Affine:
    """The place A·(p − c) + t + c′, with the centers c of the output and c′ of the input.

    Attributes:
        matrix: (A | t), of shape (batch, 2, 3); rows and columns in the order x, y.
        source: Height and width of the input.
        size: Height and width of the output.
    """

    matrix: Tensor
    source: Sides
    size: Sides


@dataclass(frozen=True)
class Field:
    """The place p + displacement(p).

    Attributes:
        displacement: Of shape (batch, height, width, 2), those of the output.
        source: Height and width of the input.
    """

    displacement: Tensor
    source: Sides

    @property
    def size(self) -> Sides:
        """Height and width of the output."""
        _, height, width, _ = self.displacement.shape
        return height, width


PlaceMap = Affine | Field | Pixels


def center(size: Sides) -> Array:
    """Return the center of an image, (x, y), in pixels."""
    return np.array([(size[1] - 1) / 2, (size[0] - 1) / 2], "float32")


def _grid(size: Sides) -> Array:
    """Return the place of every pixel, of shape (height, width, 2)."""
    columns, rows = np.meshgrid(np.arange(size[1]), np.arange(size[0]))
    return np.stack([columns, rows], -1).astype("float32")


def _turned(off: Tensor, matrix: Tensor) -> Tensor:
    """Return A·p + t for places p of shape (batch, height, width, 2), matrices (A | t) beside them.

    One grid may serve all examples, and one matrix all places: products that broadcast, which an
    einsum does not everywhere.
    """
    along_x, along_y, shift = (matrix[:, None, None, :, k] for k in range(3))
    return along_x * off[..., :1] + along_y * off[..., 1:] + shift


if keras.backend.backend() == "torch":
    # PyTorch broadcasts slowly along a last axis of two.
    from regkit.ops.backends.torch import turned as _turned


def _displaced_by(affine: Affine, size: Sides, later: Tensor | None = None) -> Tensor:
    """Return an affine map's displacements, for an output of a size, behind those of a field."""
    dtype = affine.matrix.dtype
    grid = _grid(size)
    off = ops.cast(grid - center(affine.size), dtype)[None]
    off = off if later is None else off + later
    return _turned(off, affine.matrix) - ops.cast(grid - center(affine.source), dtype)


def as_affine(pixels: Pixels) -> Affine:
    """Return the same map as a matrix.

    Example:
        >>> mirror = as_affine(Pixels(ops.array([[True, False]]), None, (3, 3), (3, 3)))
        >>> (ops.convert_to_numpy(mirror.matrix)[0] + 0.0).tolist()
        [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    shift, signs = ops.zeros((1, 2), "float32"), ops.ones((1, 2), "float32")
    if pixels.shift is not None:
        shift = ops.cast(pixels.shift, "float32")
    if pixels.mirrored is not None:
        signs = ops.cast(ops.where(pixels.mirrored, -1.0, 1.0), "float32")
    shift = shift + ops.cast(center(pixels.size) - center(pixels.source), "float32")
    signs, shift = signs + 0.0 * shift, shift + 0.0 * signs  # of one batch
    turn = signs[:, :, None] * ops.eye(2, dtype="float32")
    matrix = ops.concatenate([turn, shift[:, :, None]], axis=-1)
    return Affine(matrix, pixels.source, pixels.size)


def as_field(place_map: PlaceMap) -> Field:
    """Return the same map as displacements.

    Example:
        >>> shift = Affine(ops.array([[[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]]), (3, 3), (3, 3))
        >>> ops.convert_to_numpy(as_field(shift).displacement)[0, 0, 0].tolist()
        [2.0, 0.0]
    """
    if isinstance(place_map, Field):
        return place_map
    place_map = as_affine(place_map) if isinstance(place_map, Pixels) else place_map
    return Field(_displaced_by(place_map, place_map.size), place_map.source)


def _numbers(place_map: Affine | Field) -> Tensor:
    return place_map.matrix if isinstance(place_map, Affine) else place_map.displacement


def _in(place_map: Affine | Field, dtype: str) -> Affine | Field:
    """Return the same map in a type: two that are composed may come in different ones."""
    if isinstance(place_map, Affine):
        return replace(place_map, matrix=ops.cast(place_map.matrix, dtype))
    return replace(place_map, displacement=ops.cast(place_map.displacement, dtype))


def composed(first: PlaceMap, then: PlaceMap) -> PlaceMap:
    """Return the map of two motions, one after the other.

    Two by whole pixels are one such, two affine ones one affine map, exactly. A field is read
    between its pixels linearly.

    Args:
        first: What moves the images first.
        then: What moves the result; its source has the size of the first one's output.

    Example:
        >>> double = Affine(ops.array([[[2.0, 0.0, 1.0], [0.0, 2.0, 0.0]]]), (4, 4), (4, 4))
        >>> ops.convert_to_numpy(composed(double, double).matrix)[0].tolist()
        [[4.0, 0.0, 3.0], [0.0, 4.0, 0.0]]
    """
    if isinstance(first, Pixels):
        if isinstance(then, Pixels):
            return composed_pixels(first, then)
        first = as_affine(first)
    then = as_affine(then) if isinstance(then, Pixels) else then
    first, then = _in(first, dtype := wide(_numbers(first), _numbers(then))), _in(then, dtype)
    if isinstance(first, Affine) and isinstance(then, Affine):
        turn, shift = first.matrix[:, :, :2], first.matrix[:, :, 2:]
        matrix = ops.matmul(turn, then.matrix)
        matrix = ops.concatenate([matrix[:, :, :2], matrix[:, :, 2:] + shift], axis=-1)
        return Affine(matrix, first.source, then.size)
    later = as_field(then).displacement
    if isinstance(first, Affine):
        return Field(_displaced_by(first, then.size, later), first.source)
    earlier = displaced(first.displacement, later, "bilinear", "nearest")
    return Field(later + earlier, first.source)


def scaled_size(place_map: PlaceMap, source: Sides) -> Sides:
    """Return the size of the output of the same motion for images of another size.

    Example:
        >>> half = Affine(ops.zeros((1, 2, 3)), (8, 8), (4, 4))
        >>> scaled_size(half, (16, 8))
        (8, 4)
    """
    down, across = source[0] / place_map.source[0], source[1] / place_map.source[1]
    return round(place_map.size[0] * down), round(place_map.size[1] * across)


def scaled(place_map: PlaceMap, source: Sides) -> PlaceMap:
    """Return the same motion for images of another size, in their pixels.

    Example:
        >>> shift = Affine(ops.array([[[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]]), (4, 4), (4, 4))
        >>> half = scaled(shift, (2, 2))
        >>> float(half.matrix[0, 0, 2]), half.size
        (1.0, (2, 2))
    """
    if source == place_map.source:
        return place_map
    down, across = source[0] / place_map.source[0], source[1] / place_map.source[1]
    size = scaled_size(place_map, source)
    if isinstance(place_map, Pixels):
        if place_map.shift is None and place_map.size == place_map.source:
            return replace(place_map, source=source, size=size)
        place_map = as_affine(place_map)
    if isinstance(place_map, Field):
        return Field(fields.resized(place_map.displacement, *size), source)
    ratio = np.array([[1.0, across / down, across], [down / across, 1.0, down]], "float32")
    return Affine(place_map.matrix * ops.cast(ratio, place_map.matrix.dtype), source, size)
