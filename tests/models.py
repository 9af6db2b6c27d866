"""The zoo's models for tests: with data, compiled, in a short fit; and with steps of their own."""

import keras
import numpy as np
from keras import ops

from regkit.testing import zoo
from regkit.testing.workbench import values
from regkit.testing.zoo import (
    CLASSES,
    SHAPE,
    Subclassed,
    body,
    dense,
    entry,
    functional,
    sequential,
    subclassed,
    two_by_two,
)

__all__ = [
    "BATCH", "CLASSES", "EXAMPLES", "SHAPE", "OwnLoss", "OwnStep", "Subclassed", "body", "compiled",
    "data", "dense", "entry", "fit", "functional", "same", "sequential", "subclassed", "two_by_two",
    "two_by_two_data", "values",
]  # fmt: skip

EXAMPLES, BATCH = 24, 8


def data(seed=0, sparse=True, examples=EXAMPLES):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(examples, *SHAPE)).astype("float32")
    labels = rng.integers(0, CLASSES, examples)
    return x, labels if sparse else np.eye(CLASSES, dtype="float32")[labels]


class OwnLoss(Subclassed):
    """Computes its loss from y, without a compiled loss."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(keras.losses.categorical_crossentropy(y, y_pred))


class OwnStep(keras.Model):
    """A `train_step` as Keras' guides write it, one for each backend."""

    def __init__(self, reaches_loss=True, **kwargs):
        super().__init__(**kwargs)
        self.parts = body()
        self.reaches_loss = reaches_loss

    def call(self, x, training=False):
        return zoo.run(self.parts, x, training)

    def _loss(self, x, y, y_pred):
        if self.reaches_loss:
            return self.compute_loss(x=x, y=y, y_pred=y_pred)
        return ops.mean(keras.losses.sparse_categorical_crossentropy(y, y_pred))

    def train_step(self, *args):
        return getattr(self, f"_{keras.backend.backend()}_step")(*args)

    def _tensorflow_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = self._loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}

    def _torch_step(self, data):
        import torch

        x, y = data
        self.zero_grad()
        loss = self._loss(x, y, self(x, training=True))
        loss.backward()
        variables = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in variables], variables)
        return {"loss": loss}

    def _jax_step(self, state, data):
        import jax

        trainable, fixed, optimizer, metrics = state
        x, y = data

        def loss_and_updates(trainable):
            y_pred, updated = self.stateless_call(trainable, fixed, x, training=True)
            return self._loss(x, y, y_pred), updated

        (loss, updated), gradients = jax.value_and_grad(loss_and_updates, has_aux=True)(trainable)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return {"loss": loss}, (trainable, updated, optimizer, metrics)


def two_by_two_data():
    x, y = data()
    return {"a": x, "b": x[::-1].copy()}, {"label": y, "value": x[:, 0, 0]}


def compiled(model, optimizer="sgd", loss="sparse_categorical_crossentropy", **options):
    model.compile(optimizer=optimizer, loss=loss, **options)
    return model


def fit(model, x, y, techniques=(), **options):
    settings = {"batch_size": BATCH, "epochs": 2, "verbose": 0, "shuffle": False}
    return model.fit(x, y, callbacks=list(techniques), **settings | options)


def same(left, right, tolerance=0.0):
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
