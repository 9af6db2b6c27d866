"""What trained members predict: as one computation where that can be, else one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from regkit.core.members.cannot_stack import CannotStack, stacking_errors
from regkit.core.members.made import Blueprint
from regkit.core.members.room import free_bytes
from regkit.core.members.stack import stacked
from regkit.core.members.stacked_data import tensors
from regkit.core.members.stacked_outputs import StackedOutputs
from regkit.core.members.together import why_in_turn
from regkit.core.members.training import seen
from regkit.core.seam.pure_step import State, write_state
from regkit.types import Array

__all__ = ["WEIGHTS", "MemberOutputs"]

WEIGHTS = ("trainable", "non_trainable")


class MemberOutputs:
    """The outputs of trained members.

    Args:
        blueprint: What their models are built from.
        states: The values of the variables of each.
        features: The columns of the inputs that each sees; None for all.
        number: The number of one of them, whose model stands for all.
    """

    def __init__(
        self, blueprint: Blueprint, states: list[State], features: Array | None, number: int
    ) -> None:
        self._blueprint, self._number = blueprint, number
        self._states, self._features = states, features
        self._model: keras.Model | None = None
        self._together: _Together | None = None

    def __call__(self, x: Any, batch_size: int, members: Sequence[int] | None = None) -> Any:
        """Return the outputs of members, with a leading axis of members.

        Args:
            x: The inputs.
            batch_size: The number of examples in a batch.
            members: The places of those to ask; by default all.
        """
        places = range(len(self._states)) if members is None else members
        if self._model is None:
            self._model = self._blueprint.model(self._number, seed=0)
            if _is_faster_together(self._model, self._states):
                self._together = _Together(self._model, self._states, self._features)
        if self._together is not None:
            try:
                with stacking_errors():
                    return self._together(x, batch_size, places)
            except CannotStack:  # or inputs that do not fit, which the model says by itself
                outputs = self._in_turn(self._model, x, batch_size, places)
                self._together = None
                return outputs
        return self._in_turn(self._model, x, batch_size, places)

    def _in_turn(self, model: keras.Model, x: Any, batch_size: int, places: Sequence[int]) -> Any:
        return stacked([self._of_one(model, x, batch_size, place) for place in places])

    def _of_one(self, model: keras.Model, x: Any, batch_size: int, place: int) -> Any:
        write_state(model, {part: self._states[place][part] for part in WEIGHTS})
        return model.predict(seen(x, self._features, place), batch_size=batch_size, verbose=0)


class _Together:
    """The outputs of all members as one computation."""

    def __init__(self, model: keras.Model, states: list[State], features: Array | None) -> None:
        self._states, self._features = states, features
        self._outputs = StackedOutputs(model)
        self._weights = self._stacked(range(len(states)))

    def __call__(self, x: Any, batch_size: int, places: Sequence[int]) -> Any:
        every = list(places) == list(range(len(self._states)))
        weights = self._weights if every else self._stacked(places)
        if self._features is None:
            return self._outputs(weights, keras.tree.map_structure(_as_in_fit, x), batch_size)
        own: Any = np.stack([seen(x, self._features, place) for place in places])
        return self._outputs(weights, _as_in_fit(own), batch_size, own=True)

    def _stacked(self, places: Sequence[int]) -> Any:
        return {
            part: tensors(stacked([self._states[place][part] for place in places]))
            for part in WEIGHTS
        }


def _is_faster_together(model: keras.Model, states: list[State]) -> bool:
    """Return whether members predict faster as one computation, and find room so."""
    size = sum(value.nbytes for state in states for part in WEIGHTS for value in state[part])
    return why_in_turn(model, [[]] * len(states), "auto") is None and size < free_bytes() // 2


def _as_in_fit(array: Any) -> Any:
    """Return floating numbers as Keras takes them."""
    array = np.asarray(array)
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array
