"""Boxes that move with an image, in the formats of Keras.

Edges are counted from the outer edge of the picture: the box of the first pixel is (0, 0, 1, 1),
while the center of that pixel, from which maps of places count, is at (0.5, 0.5).
"""

from __future__ import annotations

import numpy as np
from keras import ops

from regkit.ops.geometry import PlaceMap, Sides
from regkit.ops.points import moved_points
from regkit.types import Array, Tensor

__all__ = ["corners", "from_corners", "moved_boxes"]

_ON_A_SIDE = 9  # points of a side that are moved, corners included
_SWAPPED = (1, 0, 3, 2)


def corners(boxes: Tensor, box_format: str, size: Sides) -> Tensor:
    """Return boxes as left, top, right, bottom in pixels.

    Args:
        boxes: Of shape (..., 4), floating.
        box_format: "xyxy", "yxyx", "xywh", "center_xywh", "rel_xyxy" or "rel_yxyx", as Keras means.
        size: Height and width of the picture.

    Example:
        >>> ops.convert_to_numpy(corners(ops.array([4.0, 3.0, 2.0, 2.0]), "xywh", (9, 9))).tolist()
        [4.0, 3.0, 6.0, 5.0]
    """
    if "yxyx" in box_format:
        boxes = ops.take(boxes, _SWAPPED, axis=-1)
    if box_format.startswith("rel"):
        return boxes * _limits(size, boxes)
    if not box_format.endswith("xywh"):
        return boxes
    first, sides = boxes[..., :2], boxes[..., 2:]
    low = first - sides / 2 if box_format.startswith("center") else first
    return ops.concatenate([low, low + sides], axis=-1)


def from_corners(boxes: Tensor, box_format: str, size: Sides) -> Tensor:
    """Return boxes of left, top, right, bottom in a format; the inverse of `corners`.

    Example:
        >>> square = ops.array([4.0, 3.0, 6.0, 5.0])
        >>> ops.convert_to_numpy(from_corners(square, "center_xywh", (9, 9))).tolist()
        [5.0, 4.0, 2.0, 2.0]
    """
    if box_format.startswith("rel"):
        boxes = boxes / _limits(size, boxes)
    if "yxyx" in box_format:
        return ops.take(boxes, _SWAPPED, axis=-1)
    if not box_format.endswith("xywh"):
        return boxes
    low, sides = boxes[..., :2], boxes[..., 2:] - boxes[..., :2]
    first = low + sides / 2 if box_format.startswith("center") else low
    return ops.concatenate([first, sides], axis=-1)


def moved_boxes(place_map: PlaceMap, boxes: Tensor, box_format: str = "xyxy") -> Tensor:
    """Return the smallest upright boxes around boxes that have moved with their image.

    They are cut at the border of the picture. A box without area (Keras pads with −1) stays as it
    is; of one that has left the picture all four numbers are −1. Whole numbers are rounded.

    Args:
        place_map: The map of the images.
        boxes: Of shape (batch, boxes, 4).
        box_format: As in `corners`.

    Example:
        >>> from regkit.ops.geometry import Pixels
        >>> right = Pixels(None, ops.array([[-2, 0]]), (4, 4), (4, 4))
        >>> moved = moved_boxes(right, ops.array([[[0.0, 0.0, 1.0, 3.0], [3.0, 0.0, 4.0, 1.0]]]))
        >>> ops.convert_to_numpy(moved)[0].tolist()
        [[2.0, 0.0, 3.0, 3.0], [-1.0, -1.0, -1.0, -1.0]]
    """
    whole, count = "int" in str(boxes.dtype), boxes.shape[1]
    found = corners(ops.cast(boxes, "float32"), box_format, place_map.source)
    low, high = found[..., :2], found[..., 2:]
    share = ops.cast(_outline(), "float32")  # of the way from low to high
    edge = low[:, :, None] + (high - low)[:, :, None] * share - 0.5
    moved = moved_points(place_map, ops.reshape(edge, (-1, count * len(_outline()), 2))) + 0.5
    moved = ops.reshape(moved, (-1, count, len(_outline()), 2))
    limit = _limits(place_map.size, moved)[:2]
    to_low = ops.clip(ops.min(moved, axis=2), 0.0, limit)
    to_high = ops.clip(ops.max(moved, axis=2), 0.0, limit)
    result = from_corners(ops.concatenate([to_low, to_high], axis=-1), box_format, place_map.size)
    result = ops.round(result) if whole else result
    gone = ops.any(to_high <= to_low, axis=-1, keepdims=True)
    result = ops.cast(ops.where(gone, -1.0, result), boxes.dtype)
    empty = ops.any(high <= low, axis=-1, keepdims=True)
    return ops.where(empty, boxes, result)


def _outline() -> Array:
    """Return points along the sides of the unit square, (points, 2)."""
    along = np.linspace(0.0, 1.0, _ON_A_SIDE)
    ends = [(t, end) for t in along for end in (0.0, 1.0)]
    return np.array(ends + [(end, t) for t in along[1:-1] for end in (0.0, 1.0)])


def _limits(size: Sides, like: Tensor) -> Tensor:
    return ops.cast(np.array([size[1], size[0]] * 2), like.dtype)
