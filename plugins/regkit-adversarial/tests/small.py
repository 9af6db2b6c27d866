"""Small models whose gradients NumPy can write down."""

import keras
import numpy as np

N, INPUTS, CLASSES = 12, 4, 3
RATE = 0.1


def data(seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(N, INPUTS)).astype("float32")
    return x, random.integers(0, CLASSES, N)


def linear(units=1, loss="mse", activation=None, rate=RATE, **options):
    """Return a model of one Dense layer."""
    init = keras.initializers.GlorotUniform(seed=1)
    layer = keras.layers.Dense(units, activation, kernel_initializer=init, name="d")
    model = keras.Sequential([keras.Input((INPUTS,)), layer])
    model.compile(keras.optimizers.SGD(rate), loss, **options)
    return model


def classifier(loss="sparse_categorical_crossentropy", rate=0.0, **options):
    return linear(CLASSES, loss, "softmax", rate, **options)


def fit(model, x, y, techniques, epochs=1, **options):
    options = {"batch_size": N, "shuffle": False, "verbose": 0, **options}
    return model.fit(x, y, epochs=epochs, callbacks=list(techniques), **options).history


def values(model):
    return [np.array(one, "float64") for one in model.get_weights()]


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def same(left, right, tolerance=1e-6):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def fit_with_moving_statistics(*techniques):
    """Return the history of a model with BatchNormalization, and that layer's weights."""
    keras.utils.set_random_seed(0)
    norm = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((INPUTS,)), norm, keras.layers.Dense(3, "softmax")])
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=["accuracy"])
    return fit(model, *data(), techniques, epochs=2), norm.get_weights()
