"""Small models of every kind that `fit` takes, and data for them."""

import keras
import numpy as np
from keras import layers, ops

EXAMPLES, CLASSES, BATCH = 24, 3, 8
SHAPE = (2, 3, 1)  # of one example: an image, so that techniques for images find one


def data(seed=0, sparse=True, examples=EXAMPLES):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(examples, *SHAPE)).astype("float32")
    labels = rng.integers(0, CLASSES, examples)
    return x, labels if sparse else np.eye(CLASSES, dtype="float32")[labels]


def dense(units, name, seed, **options):
    init = keras.initializers.GlorotUniform(seed=seed)
    return layers.Dense(units, name=name, kernel_initializer=init, **options)


def entry():
    return [keras.Input(SHAPE), layers.Flatten(name="flat")]


def body():
    return [
        layers.Flatten(name="flat"),
        dense(5, "hidden", 1, activation="relu"),
        layers.BatchNormalization(name="norm"),
        dense(CLASSES, "out", 2, activation="softmax"),
    ]


def sequential(built=True):
    model = keras.Sequential(([keras.Input(SHAPE)] if built else []) + body())
    return model


def functional():
    inputs = keras.Input(SHAPE)
    x = inputs
    for layer in body():
        x = layer(x)
    return keras.Model(inputs, x)


def run(parts, x, training):
    flat, hidden, norm, out = parts
    return out(norm(hidden(flat(x)), training=training))


class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = body()

    def call(self, x, training=False):
        return run(self.parts, x, training)


def subclassed():
    model = Subclassed()
    model(np.zeros((1, *SHAPE), "float32"))
    return model


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
        return run(self.parts, x, training)

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


def two_by_two():
    """Two inputs, two outputs, in dicts."""
    a, b = keras.Input(SHAPE, name="a"), keras.Input(SHAPE, name="b")
    x = dense(5, "hidden", 1, activation="relu")(layers.Flatten()(layers.Concatenate()([a, b])))
    label = dense(CLASSES, "label", 2, activation="softmax")(x)
    value = dense(1, "value", 3)(x)
    return keras.Model({"a": a, "b": b}, {"label": label, "value": value})


def two_by_two_data():
    x, y = data()
    return {"a": x, "b": x[::-1].copy()}, {"label": y, "value": x[:, 0, 0]}


def compiled(model, optimizer="sgd", loss="sparse_categorical_crossentropy", **options):
    model.compile(optimizer=optimizer, loss=loss, **options)
    return model


def values(model):
    return [np.array(ops.convert_to_numpy(w)) for w in model.get_weights()]


def fit(model, x, y, techniques=(), **options):
    settings = {"batch_size": BATCH, "epochs": 2, "verbose": 0, "shuffle": False}
    return model.fit(x, y, callbacks=list(techniques), **settings | options)


def same(left, right, tolerance=0.0):
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
