"""Small models, on which ensembles are checked."""

from __future__ import annotations

import keras

__all__ = ["small_classifier", "small_regressor"]


def small_classifier(input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
    """Return a compiled model of probabilities, of one layer."""
    out = keras.layers.Dense(n_classes, "softmax")
    model = keras.Sequential([keras.Input(input_shape), out])
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    return model


def small_regressor(input_shape: tuple[int, ...]) -> keras.Model:
    """Return a compiled model of one number, of one layer."""
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    return model
