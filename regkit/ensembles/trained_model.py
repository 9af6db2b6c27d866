"""A model that somebody has trained, as a member of an ensemble."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

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
        """Return a copy of the model."""
        model = self[place]
        copy = type(model).from_config(model.get_config())
        copy.build((None, *self.input_shape))
        copy.set_weights(model.get_weights())
        return copy

    def predict(self, x: Any, batch_size: int) -> Array:
        """Return the model's outputs, with a leading axis of one member."""
        outputs = self._model.predict(x, batch_size=batch_size, verbose=0)
        return np.asarray(outputs)[None]
