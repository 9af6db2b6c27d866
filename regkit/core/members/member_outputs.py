"""What trained members predict: together where they were trained so, else one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from regkit.core.members.made import Blueprint
from regkit.core.members.stack import stacked
from regkit.core.members.stacked_data import tensors
from regkit.core.members.stacked_outputs import StackedOutputs
from regkit.core.members.training import seen
from regkit.core.seam.pure_step import State, variables_of
from regkit.types import Array, Nest

__all__ = ["MemberOutputs"]

_WEIGHTS = ("trainable", "non_trainable")


class MemberOutputs:
    """The outputs of trained members.

    Args:
        blueprint: What their models are built from.
        states: The values of the variables of each.
        features: The columns of the inputs that each sees; None for all.
        together: Whether they are asked as one computation.
    """

    def __init__(
        self, blueprint: Blueprint, states: list[State], features: Array | None, together: bool
    ) -> None:
        self._blueprint, self._features = blueprint, features
        self._states, self._together = states, together
        self._model: keras.Model | None = None

    def __call__(self, x: Nest, batch_size: int, members: Sequence[int] | None = None) -> Any:
        """Return the outputs of members, with a leading axis of members.

        Args:
            x: The inputs.
            batch_size: The number of examples in a batch.
            members: The places of those to ask; by default all.
        """
        asked = range(len(self._states)) if members is None else members
        if self._together:
            return self._of_all(x, batch_size, asked)
        return stacked([self._of_one(x, batch_size, place) for place in asked])

    def _of_all(self, x: Any, batch_size: int, places: Sequence[int]) -> Any:
        if self._model is None:
            self._model = self._blueprint.model(0, 0)
            self._outputs = StackedOutputs(self._model)
            self._weights = {part: self._stacked(part) for part in _WEIGHTS}
        outputs = self._outputs
        if list(places) == list(range(len(self._states))):
            weights = self._weights
        else:
            weights = {part: self._stacked(part, places) for part in _WEIGHTS}
        if self._features is None:
            return outputs(weights, keras.tree.map_structure(_as_in_fit, x), batch_size)
        own: Any = np.stack([seen(x, self._features, place) for place in places])
        return outputs(weights, _as_in_fit(own), batch_size, own=True)

    def _stacked(self, part: str, places: Sequence[int] | None = None) -> Any:
        chosen = range(len(self._states)) if places is None else places
        return tensors(stacked([self._states[place][part] for place in chosen]))

    def _of_one(self, x: Any, batch_size: int, place: int) -> Any:
        if self._model is None:
            self._model = self._blueprint.model(0, 0)
        for part in _WEIGHTS:
            variables = variables_of(self._model)[part]
            for variable, value in zip(variables, self._states[place][part], strict=True):
                variable.assign(value)
        own = seen(x, self._features, place)
        return self._model.predict(own, batch_size=batch_size, verbose=0)


def _as_in_fit(array: Any) -> Any:
    """Return floating numbers as Keras takes them."""
    array = np.asarray(array)
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array
