"""Small models, data for them, and ensembles of them."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.utils import check_random_state

from regkit import ensembles
from regkit.ensembles.drawing import drawn

COLUMNS = 4
# One is tried on each backend; what differs from it does not depend on the backend.
ENGINES = ["vectorized", pytest.param("sequential", marks=pytest.mark.backend_free)]
QUICK = {"epochs": 2, "batch_size": 16, "random_state": 0}


def blobs(examples=90, seed=0, spread=1.0):
    """Three classes around three places; the number of each example's class."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(examples) % 3)
    places = 2 * np.eye(3, COLUMNS)
    x = places[labels] + spread * rng.normal(size=(examples, COLUMNS))
    return x.astype("float32"), labels


def line(examples=90, seed=0, targets=None):
    """Targets that follow from the columns, with noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(examples, COLUMNS)).astype("float32")
    slopes = np.random.default_rng(99).normal(size=(COLUMNS, targets or 1))
    y = x @ slopes + 0.3 * rng.normal(size=(examples, targets or 1))
    return x, y if targets else y[:, 0]


def build(input_shape, n_classes):
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Dense(6, "relu"),
            layers.Dense(n_classes, "softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.2), "sparse_categorical_crossentropy")
    return model


def regression(input_shape, units=1):
    model = keras.Sequential(
        [keras.Input(input_shape), layers.Dense(6, "relu"), layers.Dense(units)]
    )
    model.compile(keras.optimizers.SGD(0.05), "mean_squared_error")
    return model


def classifier(build_model=build, n_estimators=3, **options):
    return ensembles.BaggingClassifier(build_model, n_estimators, **{**QUICK, **options})


def regressor(build_model=regression, n_estimators=3, **options):
    return ensembles.BaggingRegressor(build_model, n_estimators, **{**QUICK, **options})


def outputs_of(ensemble, x):
    """What each member's own model says, on its own columns, (members, examples, …)."""
    pairs = zip(ensemble.estimators_, ensemble.estimators_features_, strict=True)
    return np.stack([model.predict(x[:, own], verbose=0) for model, own in pairs])


def weights_of(ensemble):
    return [value for model in ensemble.estimators_ for value in model.get_weights()]


def same_weights(one, other, **tolerance):
    for left, right in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_allclose(left, right, **tolerance)
    assert one.diverged_ == other.diverged_


def same_bits(one, other):
    same_weights(one, other, rtol=0, atol=0)
    assert one.histories_ == other.histories_


def seeds(members, random_state=0):
    """With which the members of an ensemble begin."""
    root = int(check_random_state(random_state).randint(2**31 - 1))
    return [draw.seed for draw in drawn(root, members, 1, None)]
