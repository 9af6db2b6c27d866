"""What the tests of early stopping share."""

import functools

import keras
import numpy as np

import regkit
from tests import models

FEATURES, CLASSES = 6, 3


def examples(count, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, FEATURES)).astype("float32"), rng.integers(0, CLASSES, count)


X, Y = examples(40, seed=0)  # five steps an epoch
VALIDATION = examples(13, seed=1)


class Jitter(keras.layers.Layer):
    """Draws in evaluation too, so that an evaluation moves the state of a seed."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(5)

    def call(self, x):
        return x + 0.1 * keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def network(optimizer=None, jitter=False, metrics=("accuracy",), **options):
    layers = [models.dense(5, "hidden", 1, activation="relu"), keras.layers.BatchNormalization()]
    layers += [keras.layers.Dropout(0.2, seed=3), *([Jitter()] if jitter else [])]
    out = models.dense(CLASSES, "out", 2, activation="softmax")
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, out])
    optimizer = keras.optimizers.Adam(0.05) if optimizer is None else optimizer
    options.setdefault("jit_compile", keras.backend.backend() == "jax")  # TensorFlow is faster so
    return models.compiled(model, optimizer=optimizer, metrics=list(metrics), **options)


def steps(every=2, **options):
    settings = {"validation_data": VALIDATION, "verbose": 0}
    return regkit.EarlyStopping(every=every, **settings | options)


def fit(model, callbacks, **options):
    return models.fit(model, X, Y, callbacks, **{"epochs": 3} | options)


class Recorder(keras.callbacks.Callback):
    """Notes the weights after every step or epoch, statistics of normalization included."""

    def __init__(self, by="step"):
        super().__init__()
        self.weights = []
        setattr(self, f"on_{'train_batch' if by == 'step' else 'epoch'}_end", self.note)

    def note(self, *_, **__):
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        self.weights.append([np.array(w) for w in self.model.get_weights()])


# -- a fit that is only events: what is watched is written by hand -----------------------------


@functools.cache
def watched():
    return models.compiled(models.sequential(), metrics=["accuracy"])


def drive(curve, *callbacks, epoch_steps=2):
    """Run the events of a fit; the weights after epoch e are all e. Return (last epoch, weights)."""
    model, model_weights = watched(), watched().get_weights()
    run = keras.callbacks.CallbackList(
        list(callbacks), model=model, epochs=len(curve), steps=epoch_steps, verbose=0
    )
    model.stop_training = False
    run.on_train_begin()
    for epoch, logs in enumerate(curve):
        run.on_epoch_begin(epoch)
        for step in range(epoch_steps):
            run.on_train_batch_begin(step)
            run.on_train_batch_end(step, {})
        model.set_weights([np.full_like(w, epoch) for w in model_weights])
        run.on_epoch_end(epoch, dict(logs))
        if model.stop_training:
            break
    run.on_train_end()
    left = {float(one) for w in model.get_weights() for one in w.ravel()}
    assert len(left) == 1
    return epoch, left.pop()
