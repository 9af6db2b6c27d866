"""Small models of every kind that `fit` takes, for the checks and for tests.

They are classifiers of small images, so that techniques for images train them too. The layers that
techniques mean are called "hidden" and "out"; weights are the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from regkit.types import Tensor

__all__ = [
    "CLASSES",
    "SHAPE",
    "Subclassed",
    "body",
    "dense",
    "entry",
    "functional",
    "run",
    "sequential",
    "stack",
    "subclassed",
    "two_by_two",
]

CLASSES = 3
SHAPE = (2, 3, 1)  # of one example


def dense(units: int, name: str, seed: int, **options: object) -> layers.Dense:
    """Return a dense layer whose weights follow a seed."""
    init = keras.initializers.GlorotUniform(seed=seed)
    return layers.Dense(units, name=name, kernel_initializer=init, **options)


def stack(hidden: layers.Layer, out: layers.Layer) -> list[layers.Layer]:
    """Return a hidden layer, normalization, which has statistics of its own, and an output."""
    return [hidden, layers.BatchNormalization(name="norm"), out]


def entry() -> list[keras.KerasTensor | layers.Layer]:
    """Return the first layers of a built model."""
    return [keras.Input(SHAPE), layers.Flatten(name="flat")]


def body() -> list[layers.Layer]:
    """Return the layers of a small classifier of images."""
    hidden = dense(5, "hidden", 1, activation="relu")
    out = dense(CLASSES, "out", 2, activation="softmax")
    return [layers.Flatten(name="flat"), *stack(hidden, out)]


def sequential(built: bool = True) -> keras.Sequential:
    """Return a Sequential model, built or not."""
    return keras.Sequential(([keras.Input(SHAPE)] if built else []) + body())


def functional() -> keras.Model:
    """Return a Functional model."""
    inputs = keras.Input(SHAPE)
    outputs = inputs
    for layer in body():
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def run(parts: Sequence[layers.Layer], x: Tensor, training: bool) -> Tensor:
    """Compute the layers of `body` one after another."""
    flat, hidden, norm, out = parts
    outputs: Tensor = out(norm(hidden(flat(x)), training=training))
    return outputs


class Subclassed(keras.Model):  # type: ignore[misc]  # Keras is untyped
    """A model that says in `call` what it computes."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.parts = body()

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """Return the probabilities of the classes."""
        return run(self.parts, x, training)


def subclassed() -> keras.Model:
    """Return a subclassed model that is built."""
    model = Subclassed()
    model(np.zeros((1, *SHAPE), "float32"))
    return model


def two_by_two() -> keras.Model:
    """Return a model of two inputs and two outputs, in dicts."""
    a, b = keras.Input(SHAPE, name="a"), keras.Input(SHAPE, name="b")
    both = layers.Flatten()(layers.Concatenate()([a, b]))
    hidden = dense(5, "hidden", 1, activation="relu")(both)
    label = dense(CLASSES, "label", 2, activation="softmax")(hidden)
    value = dense(1, "value", 3)(hidden)
    return keras.Model({"a": a, "b": b}, {"label": label, "value": value})
