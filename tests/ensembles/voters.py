"""Trained models of several kinds, and the weights that SciPy finds for them."""

import keras
import numpy as np
from keras import layers
from scipy.optimize import minimize

from tests.ensembles.boosted import softmax

__all__ = [
    "SPARSE",
    "by_scipy",
    "logits_one",
    "loss_of",
    "model_of",
    "probabilities",
    "small_one",
    "soft_one",
    "three_models",
]


SPARSE = keras.losses.SparseCategoricalCrossentropy


def model_of(*hidden, last="softmax", outputs=3, loss="sparse_categorical_crossentropy", name=None):
    stack = [keras.Input((3,)), *hidden, layers.Dense(outputs, last)]
    model = keras.Sequential(stack, name=name)
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


def soft_one():
    return model_of(name="soft")


def logits_one():
    return model_of(layers.Dense(5, "relu"), last=None, loss=SPARSE(from_logits=True))


def small_one():
    """A functional model with batch normalization, of another width."""
    entry = keras.Input((3,))
    inner = layers.BatchNormalization()(layers.Dense(4)(entry))
    model = keras.Model(entry, layers.Dense(3, "softmax")(layers.Concatenate()([entry, inner])))
    model.compile("adam", SPARSE())
    return model


def three_models(seed=0):
    """Models of three kinds as chance makes them: none learns, but all of them differ."""
    keras.utils.set_random_seed(seed)
    models = [soft_one(), logits_one(), small_one()]
    random = np.random.default_rng(seed)
    for model in models:
        model.set_weights([
            np.abs(random.normal(size=value.shape)) if "variance" in name
            else 1.5 * random.normal(size=value.shape)
            for name, value in zip([v.path for v in model.weights], model.get_weights(), strict=True)
        ])  # fmt: skip
    return models


def probabilities(models, x):
    p = np.stack([model.predict(x, verbose=0) for model in models]).astype(float)
    p[1] = softmax(p[1])
    return p


def loss_of(weights, likelihoods):
    return -np.log(np.asarray(weights) @ likelihoods).mean()


def by_scipy(likelihoods):
    """Minimize the same on the simplex, by sequential quadratic programming."""
    count = len(likelihoods)
    found = minimize(
        loss_of,
        np.full(count, 1 / count),
        args=(likelihoods,),
        jac=lambda w, p: -(p / (w @ p)).mean(axis=1),
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.success
    return found.x
