"""Two motions that follow each other as one, so that an image is read once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from keras import ops

from regkit.core.motion import Motion
from regkit.ops.geometry import Affine, Pixels, PlaceMap, as_affine, composed

__all__ = ["map_of", "one_motion"]


def one_motion(first: Motion, then: Motion) -> Motion | None:
    """Return two motions as one, or None where that would show something else than both.

    Example:
        >>> from regkit.ops.geometry import Affine
        >>> turn = Affine(ops.array([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]]), (3, 3), (3, 3))
        >>> twice = one_motion(Motion(turn), Motion(turn))
        >>> ops.convert_to_numpy(twice.map.matrix)[0].tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
        >>> one_motion(Motion(turn), Motion(turn, "nearest")) is None
        True
    """
    interpolation, border = _both(_way(first), _way(then)), _both(_border(first), _border(then))
    if interpolation == _DIFFER or border == _DIFFER or not _is_one_map(first, then):
        return None
    still = None
    if first.still is not None and then.still is not None:
        still = ops.logical_and(first.still, then.still)
    fill_mode, fill_value = border or (None, 0.0)
    joint = composed(map_of(first), map_of(then))
    if interpolation is None and not isinstance(joint, Pixels):
        interpolation = "bilinear"
    return Motion(joint, interpolation, fill_mode, fill_value, still)


_DIFFER = "differ"
_PLAIN_BORDERS = ("constant", "nearest")  # beyond them a field goes on as at its border


def _is_one_map(first: Motion, then: Motion) -> bool:
    """Return whether the composed map means both: a field knows no places beyond its border."""
    straight = all(isinstance(motion.map, Affine | Pixels) for motion in (first, then))
    inside = isinstance(then.map, Pixels) and then.fill_mode is None
    return straight or inside or first.reading[1] in _PLAIN_BORDERS


def _way(motion: Motion) -> str | None:
    return motion.interpolation


def _border(motion: Motion) -> tuple[str, float] | None:
    return None if motion.fill_mode is None else (motion.fill_mode, motion.fill_value)


def _both(one: Any, other: Any) -> Any:
    """Return what serves both, where None stands for anything."""
    if one is None or other is None or one == other:
        return other if one is None else one
    return _DIFFER


def map_of(motion: Motion) -> PlaceMap:
    """Return the map, that of examples which stay as they are the identity."""
    place_map = motion.map
    if motion.still is None:
        return place_map
    still = ops.reshape(motion.still, (-1, 1, 1))
    place_map = as_affine(place_map) if isinstance(place_map, Pixels) else place_map
    if isinstance(place_map, Affine):
        identity = ops.cast([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], place_map.matrix.dtype)
        return replace(place_map, matrix=ops.where(still, identity, place_map.matrix))
    moved_by = place_map.displacement
    return replace(place_map, displacement=ops.where(still[..., None], 0.0, moved_by))
