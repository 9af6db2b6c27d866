"""Snapshots of a linear model, and the same steps in NumPy."""

import keras
import numpy as np
from keras import layers
from sklearn.base import clone

from regkit import ensembles
from tests.ensembles.boosted import softmax

__all__ = ["RATE", "check_against_numpy", "in_numpy", "initial", "linear", "paper", "snapshots"]


def paper(t, total, cycles, rate):
    """Equation 2, with t from 1."""
    length = int(np.ceil(total / cycles))
    return rate / 2 * (np.cos(np.pi * ((t - 1) % length) / length) + 1)


RATE = 0.4


def linear(input_shape, n_classes, optimizer=None):
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
    model.compile(optimizer or keras.optimizers.SGD(RATE), "sparse_categorical_crossentropy")
    return model


def snapshots(build_model=linear, n_estimators=2, **options):
    given = {"epochs": 4, "batch_size": 32, "shuffle": False, "random_state": 0, **options}
    return ensembles.SnapshotEnsemble(build_model, n_estimators, **given)


def initial(ensemble, x, y):
    """The weights with which the fit begins: those of one whose steps are of no length."""
    still = clone(ensemble).set_params(learning_rate=1e-30, n_estimators=1, epochs=1)
    return still.fit(x, y).estimators_[0].get_weights()


def in_numpy(start, x, y, cycles, epochs, batch, rate, weights=None, strength=0.0):
    """SGD in a loop: the weights at the end of each cycle, and the loss of each epoch."""
    kernel, bias = (value.astype(float) for value in start)
    x, targets = x.astype(float), np.eye(3)[y]
    weights = np.ones(len(x)) if weights is None else weights * len(x) / weights.sum()
    total, step, ends, losses = epochs * -(-len(x) // batch), 0, [], []
    for epoch in range(epochs):
        summed = 0.0
        for begin in range(0, len(x), batch):
            part = slice(begin, begin + batch)
            step += 1
            p, own = softmax(x[part] @ kernel + bias), weights[part]
            each = own * -np.log((p * targets[part]).sum(axis=1))
            summed += len(own) * (each.mean() + strength * (kernel**2).sum())
            error = (p - targets[part]) * own[:, None] / len(own)
            now = paper(step, total, cycles, rate)
            gradient = x[part].T @ error + 2 * strength * kernel
            kernel, bias = kernel - now * gradient, bias - now * error.sum(axis=0)
        losses.append(summed / len(x))
        if (epoch + 1) % (epochs // cycles) == 0:
            ends.append((kernel, bias))
    return ends, losses


def check_against_numpy(ensemble, x, y, expected, rtol=1e-4):
    ends, losses = expected
    for model, own in zip(ensemble.estimators_, ends, strict=True):
        for found, value in zip(model.get_weights(), own, strict=True):
            np.testing.assert_allclose(found, value, rtol=rtol, atol=1e-5)
    found = [loss for history in ensemble.histories_ for loss in history["loss"]]
    np.testing.assert_allclose(found, losses, rtol=rtol)
    length = ensemble.epochs // ensemble.n_estimators
    assert [len(history["loss"]) for history in ensemble.histories_] == [length] * len(ends)
