"""Batches in every form that a dataset may have: a `train_step` gets what it would without us."""

import collections

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from tests import models

X = np.ones((8, 4), "float32")
Y = np.arange(8) % 3
W = np.ones(8, "float32")
Named = collections.namedtuple("Named", "x y")

FORMS = {
    "x alone": X,
    "(x,)": (X,),
    "(x, y)": (X, Y),
    "[x, y]": [X, Y],
    "(x, y, w)": (X, Y, W),
    "(x, None, w)": (X, None, W),
    "(x, y, w, more)": (X, Y, W, np.arange(8)),
    "five": (X, Y, W, np.arange(8), X),
    "dict": {"a": X, "b": X},
    "(dict, y)": ({"a": X, "b": X}, Y),
    "named": Named(X, Y),
}


class Look(keras.Model):
    """Notes the form of what its `train_step` gets."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1)
        self.forms = []

    def call(self, x):
        return self.out(x["a"] if isinstance(x, dict) else x)

    def train_step(self, *given):
        *state, data = given
        self.forms.append(form(data))
        return ({"z": ops.zeros(())}, *state) if state else {"z": ops.zeros(())}


def form(data):
    if isinstance(data, dict):
        return {name: form(one) for name, one in data.items()}
    if isinstance(data, tuple | list):
        return type(data).__name__, [form(one) for one in data]
    return None if data is None else tuple(data.shape[1:])


class Batches(keras.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.batch


@pytest.mark.parametrize("name", FORMS)
def test_a_train_step_gets_the_form_of_the_dataset(name):
    found = []
    for techniques in ([], [regkit.GaussianNoise(0.1), regkit.L2(0.1)]):
        model = Look()
        model(X)
        model.compile("sgd")
        try:
            model.fit(Batches(FORMS[name]), verbose=0, callbacks=techniques[:1])
        except Exception as error:  # what plain Keras does not take, each backend in its own words
            if techniques and not isinstance(found[0], Exception):
                raise
            found.append(error)
        else:
            found.append(model.forms[-1])
    assert type(found[0]) is type(found[1])
    assert isinstance(found[0], Exception) or found[0] == found[1]


def classifier(*inner, inputs=(4,), **options):
    model = keras.Sequential(
        [keras.Input(inputs, **options), *inner, layers.Dense(3, activation="softmax")]
    )
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    return model


ALL = [
    lambda: regkit.L2(1e-3),
    lambda: regkit.LabelSmoothing(0.1),
    lambda: regkit.WeightDecay(0.1, decoupled=True),
]


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("built", [True, False])
def test_sparse_inputs(make, built, backend):
    if backend == "torch":
        pytest.skip("Keras takes no sparse inputs on PyTorch")
    if backend == "tensorflow":
        import tensorflow as tf

        sparse = tf.sparse.from_dense(X)
        data = tf.data.Dataset.from_tensor_slices((sparse, Y)).batch(4)
        given = {"x": data}
    else:
        import scipy.sparse

        given = {"x": scipy.sparse.csr_matrix(X), "y": Y, "batch_size": 4, "shuffle": False}
    model = classifier(sparse=True)
    if built:
        model.fit(**given, verbose=0)
    plain = model.fit(**given, verbose=0).history["loss"][0]
    with pytest.raises(regkit.RegkitError, match="sparse or ragged"):
        model.fit(**given, verbose=0, callbacks=[regkit.GaussianNoise(0.1)])
    history = model.fit(**given, verbose=0, callbacks=[make()]).history
    assert history.get("data_loss", history["loss"])[0] == pytest.approx(plain, abs=0.5)


def test_ragged_and_string_inputs(backend):
    if backend != "tensorflow":
        pytest.skip("ragged and string tensors are TensorFlow's")
    import tensorflow as tf

    class Mean(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(3, activation="softmax")

        def call(self, x):
            mean = tf.reduce_mean(tf.cast(x, tf.float32), axis=1)
            return self.out(tf.reshape(mean, (-1, 1)))

    ragged = tf.ragged.constant([[1.0], [2.0, 3.0], [1.0, 2.0, 3.0], [4.0]])
    for build_first in (True, False):
        model = Mean()
        if build_first:
            model(ragged)
        model.compile("sgd", "sparse_categorical_crossentropy")
        data = tf.data.Dataset.from_tensor_slices((ragged, [0, 1, 2, 0])).batch(2)
        history = model.fit(data, verbose=0, callbacks=[regkit.L2(0.1)]).history
        assert history["loss"][0] == pytest.approx(
            history["data_loss"][0] + history["l2_penalty"][0], rel=1e-5
        )
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    model = classifier(lookup, inputs=(1,), dtype="string")
    words = tf.constant([["a"], ["b"], ["c"], ["a"]])
    data = tf.data.Dataset.from_tensor_slices((words, [0, 1, 2, 0])).batch(2)
    model.fit(data, verbose=0, callbacks=[regkit.L2(0.1), regkit.LabelSmoothing(0.1)])
    with pytest.raises(regkit.RegkitError, match="floating type"):
        model.fit(data, verbose=0, callbacks=[regkit.GaussianNoise(0.1)])


def test_a_model_that_only_has_a_train_step(backend):
    if backend != "tensorflow":
        pytest.skip("on JAX and PyTorch Keras itself needs a call to build a model")
    import tensorflow as tf

    class Autoencoder(keras.Model):
        def __init__(self, built=True):
            super().__init__()
            self.encoder = keras.Sequential([keras.Input((4,))] * built + [layers.Dense(4)])

        def train_step(self, x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self.encoder(x, training=True) - x))
            weights = self.trainable_weights
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    data = tf.data.Dataset.from_tensor_slices(X).batch(4)
    model = Autoencoder()
    model.compile("sgd")
    decay = regkit.WeightDecay(0.1, decoupled=True)
    model.fit(data, verbose=0, callbacks=[regkit.GaussianNoise(0.1), decay])
    unbuilt = Autoencoder(built=False)
    unbuilt.compile("sgd")
    with pytest.raises(regkit.RegkitError, match="has no call"):
        unbuilt.fit(data, verbose=0, callbacks=[regkit.GaussianNoise(0.1)])


def test_a_model_without_trainable_weights():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")

    class Nothing(regkit.Technique):
        def gradient(self, gradients, context):
            return gradients

        def update(self, weights, context):
            return weights

    before = models.values(model)
    for technique in (regkit.GaussianNoise(0.1), Nothing(), regkit.LabelSmoothing(0.1)):
        model.fit(X, Y, verbose=0, callbacks=[technique])
    models.same(models.values(model), before)
    with pytest.raises(regkit.RegkitError, match="no trainable weight"):
        model.fit(X, Y, verbose=0, callbacks=[regkit.L2(0.1)])
