"""Models of the zoo with data of every structure that `fit` takes, for the checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

from regkit.testing import zoo
from regkit.testing.zoo import CLASSES

__all__ = ["BATCH", "EXAMPLES", "IMAGES", "STANDARD", "STRUCTURES", "Case", "Data", "sgd"]

EXAMPLES, BATCH = 24, 8
PICTURE = (8, 6, 3)  # of one example; not square, so that mistaken axes show

Data = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """A model that is not compiled, data for it, and how it is trained.

    Attributes:
        name: What is special about it, in words.
        build: Makes the model anew, with the same weights each time.
        data: Makes x, y and, where there are some, the examples' weights.
        loss: As `compile` takes it.
        compile: Other options of `compile`.
        built: Whether the model is built before its first fit.
    """

    name: str
    build: Callable[[], keras.Model]
    data: Callable[[], Data]
    loss: Any
    compile: dict[str, Any] = field(default_factory=dict)
    built: bool = True

    def compiled(self, **options: object) -> keras.Model:
        """Return a new model, compiled."""
        model = self.build()
        settings: dict[str, object] = {"optimizer": sgd(), "loss": self.loss, **self.compile}
        model.compile(**settings | options)
        return model


def sgd() -> Any:
    """Return the optimizer of the kit, under a name of its own."""
    return keras.optimizers.SGD(0.1, name="sgd")


def _dense(units: int, name: str, activation: str | None = None) -> layers.Dense:
    return zoo.dense(units, name, len(name), activation=activation)


def _stack(name: str, entry: list[Any], units: int, activation: str | None) -> keras.Sequential:
    hidden = _dense(5, "hidden", "tanh")  # smooth, so that rounding stays small
    out = _dense(units, "out", activation)
    return keras.Sequential([*entry, *zoo.stack(hidden, out)], name=name)


def _labels(examples: int = EXAMPLES) -> Any:
    return np.random.default_rng(1).integers(0, CLASSES, examples)


def _one_hot() -> Any:
    return np.eye(CLASSES, dtype="float32")[_labels()]


def _values(*shape: int) -> Any:
    return np.random.default_rng(2).uniform(size=shape).astype("float32")


def _images() -> keras.Model:
    entry = [keras.Input(PICTURE, name="picture"), layers.Flatten(name="flat")]
    return _stack("images", entry, CLASSES, "softmax")


def _vectors() -> keras.Model:
    return _stack("vectors", [keras.Input((7,), name="vector")], 1, "sigmoid")


def _sequences(built: bool = True) -> keras.Model:
    entry: list[Any] = [keras.Input((4, 6), name="sequence")] if built else []
    pool = layers.GlobalAveragePooling1D(name="pool")
    return _stack("sequences", [*entry, pool], CLASSES, "softmax")


def _tokens() -> keras.Model:
    init = keras.initializers.RandomUniform(seed=3)
    words = layers.Embedding(11, 4, embeddings_initializer=init, name="words")
    entry = [keras.Input((5,), dtype="int32", name="tokens"), words]
    return _stack("tokens", [*entry, layers.Flatten(name="flat")], 1, None)


def _two_by_two(as_dict: bool) -> keras.Model:
    picture, vector = keras.Input(PICTURE, name="picture"), keras.Input((7,), name="vector")
    both = layers.Concatenate(name="both")([layers.Flatten(name="flat")(picture), vector])
    hidden = _dense(5, "hidden", "tanh")(both)
    label = _dense(CLASSES, "label", "softmax")(hidden)
    if as_dict:
        named = {"label": label, "value": _dense(1, "value")(hidden)}
        return keras.Model({"picture": picture, "vector": vector}, named, name="dicts")
    answer = _dense(1, "answer", "sigmoid")(hidden)
    return keras.Model([picture, vector], [label, answer], name="lists")


def _dicts() -> Data:
    few = EXAMPLES - 4  # the last batch is a smaller one
    x = {"picture": _values(few, *PICTURE), "vector": _values(few, 7)}
    return x, {"label": _labels(few), "value": _values(few, 1)}


def _lists() -> Data:
    weights = np.linspace(0, 1, EXAMPLES).astype("float32")
    x = [_values(EXAMPLES, *PICTURE), _values(EXAMPLES, 7)]
    return x, [_one_hot(), _binary()], [weights, weights[::-1].copy()]


def _binary() -> Any:
    return (_labels() > 0).astype("float32")[:, None]


IMAGES = Case(
    "images with class numbers",
    _images,
    lambda: (_values(EXAMPLES, *PICTURE), _labels()),
    "sparse_categorical_crossentropy",
)
_VECTORS = Case(
    "vectors with binary labels",
    _vectors,
    lambda: (_values(EXAMPLES, 7), _binary()),
    "binary_crossentropy",
)
_SEQUENCES = Case(
    "sequences with one-hot labels",
    _sequences,
    lambda: (_values(EXAMPLES, 4, 6), _one_hot()),
    "categorical_crossentropy",
)
_TOKENS = Case(
    "whole numbers as inputs, and numbers to predict",
    _tokens,
    lambda: (np.random.default_rng(4).integers(0, 11, (EXAMPLES, 5)), _values(EXAMPLES, 1)),
    "mse",
)
_TOKENS_EAGERLY = dataclasses.replace(_TOKENS, compile={"run_eagerly": True})
_UNBUILT = Case(
    "a model that is not built, for sequences with one-hot labels",
    lambda: _sequences(built=False),
    _SEQUENCES.data,
    _SEQUENCES.loss,
    {"run_eagerly": True},
    built=False,
)
_DICTS = Case(
    "inputs and targets in dicts, a last batch that is smaller",
    lambda: _two_by_two(as_dict=True),
    _dicts,
    {"label": "sparse_categorical_crossentropy", "value": "mse"},
)
_LISTS = Case(
    "inputs and targets in lists, weighted examples, eagerly",
    lambda: _two_by_two(as_dict=False),
    _lists,
    ["categorical_crossentropy", "binary_crossentropy"],
    {"run_eagerly": True},
)

# A technique's checks run on the first of these that it takes; each has one input and one output.
STANDARD = (IMAGES, _VECTORS, _SEQUENCES, _TOKENS)
# A compiled step differs in what it knows of shapes, which the dicts look at: their batches are not
# all of one size. The nests, ranks and types of the others are the same eagerly.
STRUCTURES = (_DICTS, _LISTS, _UNBUILT, _TOKENS_EAGERLY)
