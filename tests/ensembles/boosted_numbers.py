"""Boosted regressions that are weak, and their rounds in a loop."""

import keras
import numpy as np
from keras import layers

from regkit import ensembles

__all__ = ["adaboost", "bent", "linear", "rounds_of"]


def bent(examples=80, seed=0):
    """A curve that no linear model follows."""
    x = np.random.default_rng(seed).normal(size=(examples, 2)).astype("float32")
    return x, (x[:, 0] + 0.3 * x[:, 1] ** 2).astype("float32")


def linear(input_shape):
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    return model


def adaboost(build_model=linear, n_estimators=4, **options):
    given = {"epochs": 4, "batch_size": 20, "random_state": 0, **options}
    return ensembles.AdaBoostRegressor(build_model, n_estimators, **given)


def rounds_of(ensemble, x, y, weights, loss, rate):
    """The errors, importances and weights of the rounds, from what each member's model says."""
    for model in ensemble.estimators_:
        share = np.abs(model.predict(x, verbose=0).reshape(-1) - y)
        share = share / share[weights > 0].max()
        each = {"linear": share, "square": share**2, "exponential": 1 - np.exp(-share)}[loss]
        error = (weights * each).sum()
        beta = error / (1 - error)
        yield error, rate * np.log(1 / beta), weights
        weights = weights * beta ** (rate * (1 - each))
        weights = weights / weights.sum()
