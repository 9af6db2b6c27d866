"""Copies of a model's weights, kept to return to them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from regkit.types import Array

__all__ = ["KeptWeights"]

_PREFIX = "weight_"


class KeptWeights:
    """The weights of a moment of the fit, as NumPy arrays in the memory of the host.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> kept = KeptWeights()
        >>> kept.keep(model)
        >>> model.set_weights([np.ones((1, 1)), np.ones(1)])
        >>> kept.restore(model)
        >>> model.get_weights()[1].tolist()
        [0.0]
    """

    def __init__(self) -> None:
        self._arrays: list[Array] | None = None

    def keep(self, model: keras.Model) -> None:
        """Copy the weights: an array may share its memory with the variable."""
        self._arrays = [np.array(weight) for weight in model.get_weights()]

    def keep_if_none(self, model: keras.Model) -> None:
        """Copy the weights, unless others are kept already."""
        if self._arrays is None:
            self.keep(model)

    def restore(self, model: keras.Model) -> None:
        """Give the model the kept weights, if there are any."""
        if self._arrays is not None:
            model.set_weights(self._arrays)

    def state(self) -> dict[str, Array]:
        """Return the arrays by name, in types that `.npz` can hold."""
        return {f"{_PREFIX}{k}": _storable(array) for k, array in enumerate(self._arrays or [])}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back the arrays that `state` returned, among other entries."""
        count = sum(name.startswith(_PREFIX) for name in state)
        self._arrays = [state[f"{_PREFIX}{k}"] for k in range(count)] or None


def _storable(array: Array) -> Array:
    """Return the array, as float32 where `.npz` does not know its type, as bfloat16; exactly."""
    return array.astype(np.float32) if array.dtype.kind == "V" else array
