"""A model that somebody has trained, as a member of an ensemble."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.members.course import History
from regkit.types import Array

__all__ = ["TrainedModel"]


class TrainedModel:
    """A trained model; it has what an ensemble asks of a group of members.

    Args:
        model: The model.
        number: Its number in the ensemble.
        example: Inputs of one example.
    """

    features = None  # it sees all columns

    def __init__(self, model: keras.Model, number: int, example: Array) -> None:
        self._model, self.numbers, self.example = model, [number], example
        self.input_shape = example.shape[1:]
        self.histories: list[History] = [{}]  # nobody has told

    def __len__(self) -> int:
        return 1

    def __getitem__(self, place: int) -> keras.Model:
        return (self._model,)[place]

    def built(self, place: int) -> keras.Model:
        """Return a copy of the model.

        Raises:
            RegkitError: for a class that does not tell how it is made.
        """
        model = self[place]
        try:
            copy = type(model).from_config(model.get_config())
            copy.build((None, *self.input_shape))
            copy.set_weights(model.get_weights())
        except Exception as error:  # a class of the user's may fail in any way
            raise RegkitError(
                f"the model {model.name!r} cannot be copied by its get_config and from_config, as "
                f"one model of all needs: {type(error).__name__}: {error}"
            ) from error
        return copy

    def predict(self, x: Any, batch_size: int) -> Array:
        """Return the model's outputs, with a leading axis of one member."""
        outputs = self._model.predict(x, batch_size=batch_size, verbose=0)
        return np.asarray(outputs)[None]
