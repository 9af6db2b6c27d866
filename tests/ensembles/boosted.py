"""Weak learners whose course is known, data for them, and scikit-learn's with the same steps."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import BaseEstimator, ClassifierMixin

from regkit import ensembles

__all__ = [
    "Soft",
    "adaboost",
    "ballots_of",
    "fixed",
    "linear",
    "logits",
    "once",
    "shares_of_votes",
    "softmax",
    "three",
    "weights_of_three",
]

STEPS, RATE = 6, 1.0
WHOLE = {"epochs": STEPS, "batch_size": 1000, "shuffle": False}  # one step an epoch


def three(examples=120, seed=0):
    """Three classes that no linear model tells apart."""
    x = np.random.default_rng(seed).normal(size=(examples, 3)).astype("float32")
    return x, (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] > 1)


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def ballots_of(p):
    """One for the most probable class, the first of several, and zero for all others."""
    return np.eye(p.shape[-1])[p.argmax(axis=-1)]


def linear(input_shape, n_classes):
    """A softmax of a linear model that begins at zero, trained by plain SGD."""
    layer = layers.Dense(n_classes, "softmax", kernel_initializer="zeros")
    model = keras.Sequential([keras.Input(input_shape), layer])
    model.compile(keras.optimizers.SGD(RATE), "sparse_categorical_crossentropy")
    return model


class Soft(ClassifierMixin, BaseEstimator):
    """The same in NumPy, for scikit-learn to boost."""

    def fit(self, X, y, sample_weight):
        self.classes_, numbers = np.unique(y, return_inverse=True)
        targets, shares = np.eye(len(self.classes_))[numbers], sample_weight / sample_weight.sum()
        self.kernel = np.zeros((X.shape[1], len(self.classes_)))
        self.bias = np.zeros(len(self.classes_))
        for _ in range(STEPS):
            error = (softmax(X @ self.kernel + self.bias) - targets) * shares[:, None]
            self.kernel -= RATE * X.T @ error
            self.bias -= RATE * error.sum(axis=0)
        return self

    def predict(self, X):
        return self.classes_[(X @ self.kernel + self.bias).argmax(axis=1)]


def fixed(*members):
    """What builds members that have these kernels and biases, also after training at a rate of 0."""

    def build(input_shape, n_classes, member):
        kernel, bias = members[min(member, len(members) - 1)]
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
        model.set_weights([np.array(kernel, "float32"), np.array(bias, "float32")])
        model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
        return model

    return build


def adaboost(build_model=linear, n_estimators=4, **options):
    given = {**WHOLE, "random_state": 0, **options}
    return ensembles.AdaBoostClassifier(build_model, n_estimators, **given)


def once(*values):
    """Parameters that are tried on one backend only."""
    return pytest.param(*values, marks=pytest.mark.backend_free)


def weights_of_three():
    return np.random.default_rng(5).exponential(size=120)


def shares_of_votes(ensemble, x, count=None):
    """What the first members vote, member by member and example by example."""
    shares = np.zeros((len(x), len(ensemble.classes_)))
    pairs = [*zip(ensemble.estimators_, ensemble.estimator_weights_, strict=True)]
    for model, own in pairs[:count]:
        for row, p in zip(shares, model.predict(x, verbose=0), strict=True):
            row[p.argmax()] += own
    return shares / shares.sum(axis=1, keepdims=True)


def logits(input_shape, n_classes):
    model = keras.Sequential(
        [keras.Input(input_shape), layers.Dense(5, "tanh"), layers.Dense(n_classes)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss)
    return model
