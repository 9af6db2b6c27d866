"""A line to fit, and a technique that asks its context within a step."""

import keras
import numpy as np
from keras import ops

import regkit
from tests import models


def line(learning_rate=0.1, loss="mse", **options):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="d")])
    model.compile(keras.optimizers.SGD(learning_rate), loss, **options)
    return model


def line_data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")


class Probe(regkit.Technique):
    """Runs a function of the context at GRADIENT and keeps what it returns as state."""

    def __init__(self) -> None:
        super().__init__()

    function = None

    def initial_state(self, context):
        return {"found": ops.zeros(4)}

    def gradient(self, gradients, context):
        found = [ops.cast(one, "float32") for one in type(self).function(gradients, context)]
        context.state["found"] = ops.stack(found + [ops.zeros(())] * (4 - len(found)))
        return gradients

    def on_train_end(self, logs=None):
        self.found = self.current_state()["found"]


def probed(function, model, x, y, techniques=(), **options):
    Probe.function = staticmethod(function)
    probe = Probe()
    history = models.fit(model, x, y, [probe, *techniques], epochs=1, **options)
    return probe.found, history.history
