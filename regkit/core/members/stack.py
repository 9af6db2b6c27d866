"""Nests of arrays, one for each member, as one nest with a leading axis of members, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["member_of", "stacked"]


def stacked(nests: Sequence[Any]) -> Any:
    """Return nests of one structure as one, whose arrays have a leading axis of members.

    Example:
        >>> stacked([{"w": 1.0}, {"w": 2.0}])
        {'w': array([1., 2.])}
    """
    return keras.tree.map_structure(lambda *arrays: np.stack(arrays), *nests)


def member_of(nest: object, member: int) -> Any:
    """Return one member's part of a stacked nest, as NumPy arrays.

    Example:
        >>> member_of({"w": np.array([1.0, 2.0])}, 1)
        {'w': array(2.)}
    """
    # A row of an array of the backend's would be a computation, which JAX compiles for each shape.
    return keras.tree.map_structure(
        lambda array: np.array(keras.ops.convert_to_numpy(array)[member]), nest
    )
