"""Ridge regression as a Keras model, trained to convergence, and in closed form."""

import keras
import numpy as np

RANDOM = np.random.default_rng(0)
N, WIDTH = 60, 4
X = RANDOM.normal(size=(N, WIDTH))
Y = X @ [1.0, -0.5, 0.25, 0] + RANDOM.normal(0, 1.5, N)
DATA = (X, Y + 100.0)
# Full batches: gradient descent, which converges by a constant factor a step.
TO_CONVERGENCE = {"epochs": 40, "batch_size": N, "seed": 3}


def build(input_shape):
    # JAX has no float64 unless it is told to when it starts.
    dtype = "float32" if keras.backend.backend() == "jax" else "float64"
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1, dtype=dtype)])
    loss = keras.losses.MeanSquaredError(dtype=dtype)
    model.compile(keras.optimizers.SGD(0.3), loss)
    return model


def closed_form(x, y, strength):
    """Return (w, b) that minimize mean (y − x w − b)² + strength ‖w‖²."""
    x, y = np.float64(x), np.float64(y)
    centred = x - x.mean(axis=0)
    gram = centred.T @ centred / len(x) + strength * np.eye(x.shape[1])
    w = np.linalg.solve(gram, centred.T @ (y - y.mean()) / len(x))
    return w, y.mean() - x.mean(axis=0) @ w


def predictions(draw, strength, x):
    """Return what ridge regression, fitted on a draw in closed form, predicts in y's own unit."""
    w, b = closed_form(draw.x_train, draw.y[draw.examples], strength)
    return (np.float64(x) @ w + b) * draw.target_scale + draw.target_mean
