"""Draws belong to the step, whatever runs inside: a layer run again, a loop, a branch, a map."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from tests import models

SEQUENCES = np.random.default_rng(1).normal(size=(12, 5, 6)).astype("float32")
IMAGES = np.random.default_rng(1).normal(size=(8, 3, 6, 6, 2)).astype("float32")
LABELS = np.arange(12) % 3


def trained(model, x, techniques, steps=3, **options):
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", **options)
    models.fit(model, x, LABELS[: len(x)], techniques, epochs=steps, batch_size=len(x))
    return models.values(model)


class Block(layers.Layer):
    """A layer with layers inside, which a scope may run again as a whole."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = [models.dense(5, f"inner_{k}", k, activation="tanh") for k in (1, 2)]

    def build(self, shape):
        for layer in self.inner:
            layer.build(shape)
            shape = (*shape[:-1], 5)

    def call(self, x):
        for layer in self.inner:
            x = layer(x)
        return x


def stacked(block):
    inner = [Block()] if block else [models.dense(5, f"h{k}", k, activation="tanh") for k in (1, 2)]
    return keras.Sequential(
        [keras.Input((4,)), *inner, models.dense(3, "out", 3, activation="softmax")]
    )


@pytest.mark.parametrize("block", [False, True])
@pytest.mark.parametrize("kind", ["dropout", "drop_connect"])
def test_layers_that_are_run_again_for_the_gradient_draw_the_same(block, kind):
    """As without the scope: gradients of other masks than the outputs' would differ."""
    x = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    names = ["inner_*", "h*"]
    make = {"dropout": regkit.Dropout, "drop_connect": regkit.DropConnect}[kind]
    # On TensorFlow Keras itself runs such layers in eager steps only.
    eager = {"run_eagerly": keras.backend.backend() == "tensorflow"}
    plain = trained(stacked(block), x, [make(0.4, seed=1, layers=names)], **eager)
    with keras.RematScope(mode="full"):
        model = stacked(block)
    again = trained(model, x, [make(0.4, seed=1, layers=names)], **eager)
    models.same(plain, again, 1e-5)
    assert not np.allclose(plain[0], trained(stacked(block), x, [])[0])  # they act at all


def test_a_checkpoint_by_hand_is_refused_where_it_would_draw_anew(backend):
    if backend != "torch":
        pytest.skip("only PyTorch tells that a layer is being run again")

    class ByHand(Block):
        def call(self, x):
            return keras.remat(super().call)(x)

    x = np.ones((8, 4), "float32")
    model = keras.Sequential([keras.Input((4,)), ByHand(), layers.Dense(3, "softmax")])
    with pytest.raises(regkit.RegkitError, match="RematScope"):
        trained(model, x, [regkit.Dropout(0.5, layers="inner_*")])


class Loops(layers.Layer):
    """Calls a layer inside of an inner trace of the backend."""

    def __init__(self, way, **options):
        super().__init__(**options)
        self.way = way
        self.inner = models.dense(6, "inner", 1, activation="tanh")

    def build(self, shape):
        self.inner.build((shape[0], shape[-1]))

    def call(self, x):
        if self.way == "scan":
            return ops.scan(lambda h, _: (h + self.inner(h), None), x[:, 0], length=3)[0]
        if self.way == "cond":
            return ops.cond(ops.sum(x) > -1e9, lambda: self.inner(x[:, 0]), lambda: x[:, 0])
        if self.way == "map":
            return ops.vectorized_map(self.inner.call, ops.transpose(x, (1, 0, 2)))[0]
        return self.inner(x[:, 0])


@pytest.mark.parametrize("way", ["scan", "cond", "map"])
@pytest.mark.parametrize("kind", ["dropout", "drop_connect"])
def test_nothing_leaks_out_of_inner_traces(way, kind):
    def model():
        inner = [keras.Input((5, 6)), Loops(way), models.dense(3, "out", 2, activation="softmax")]
        return keras.Sequential(inner)

    make = {"dropout": regkit.Dropout, "drop_connect": regkit.DropConnect}[kind]
    found = trained(model(), SEQUENCES, [make(0.4, layers="inner", seed=1)])
    assert all(np.isfinite(one).all() for one in found)
    assert not np.allclose(found[0], trained(model(), SEQUENCES, [])[0])


def init(seed):
    return keras.initializers.GlorotUniform(seed=seed)


def recurrent(cls, **options):
    return cls(5, kernel_initializer=init(1), recurrent_initializer=init(2), name="loop", **options)


class Cell(layers.Layer):
    """A cell of the user's, with a layer inside."""

    def __init__(self, **options):
        super().__init__(**options)
        self.state_size = self.output_size = 5
        self.inside = models.dense(5, "inside", 1)

    def build(self, shape):
        self.inside.build((shape[0], shape[-1] + 5))

    def call(self, x, states):
        h = ops.tanh(self.inside(ops.concatenate([x, states[0]], axis=-1)))
        return h, [h]


LAYERS = {
    "LSTM": lambda: recurrent(layers.LSTM),
    "GRU": lambda: recurrent(layers.GRU),
    "SimpleRNN": lambda: recurrent(layers.SimpleRNN),
    "LSTM of sequences": lambda: recurrent(layers.LSTM, return_sequences=True),
    "unrolled": lambda: recurrent(layers.GRU, unroll=True),
    "RNN of a cell": lambda: layers.RNN(recurrent(layers.GRUCell), name="loop"),
    "RNN of a user's cell": lambda: layers.RNN(Cell(), name="loop"),
    "stacked cells": lambda: layers.RNN(
        [recurrent(layers.GRUCell), layers.SimpleRNNCell(5, kernel_initializer=init(4),
         recurrent_initializer=init(5))], name="loop"),
    "Bidirectional": lambda: layers.Bidirectional(
        recurrent(layers.GRU), merge_mode="sum", name="loop"),
    "TimeDistributed": lambda: layers.TimeDistributed(models.dense(5, "inside", 1), name="loop"),
}  # fmt: skip


def with_loop(make):
    tail = [layers.Flatten(), models.dense(3, "out", 3, activation="softmax")]
    return keras.Sequential([keras.Input(SEQUENCES.shape[1:]), make(), *tail])


@pytest.mark.parametrize("name", LAYERS)
def test_dropout_on_a_recurrent_layer_drops_its_outputs(name):
    """By default, by the layer's name or the cell's; as Keras' layer with the same mask would."""
    found = [
        trained(with_loop(LAYERS[name]), SEQUENCES, [regkit.Dropout(0.5, seed=1, layers=which)])
        for which in (None, "loop")
    ]
    models.same(*found)

    loss = dropped_by_hand(with_loop(LAYERS[name]))
    fresh = with_loop(LAYERS[name])
    fresh.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    technique = regkit.Dropout(0.5, seed=1)
    history = models.fit(fresh, SEQUENCES, LABELS, [technique], epochs=1, batch_size=12).history
    assert history["loss"][0] == pytest.approx(loss, rel=1e-5)


def dropped_by_hand(model):
    """The loss of the first step, its mask drawn outside of any model."""
    from regkit.core.draws import Draws, base_key
    from regkit.core.stages import Stage
    from regkit.techniques.dropout.dropout import dropped

    draws = Draws(base_key(1, "dropout", 0), 0, int(Stage.FORWARD))
    outputs = model.get_layer("loop")(SEQUENCES)
    outputs = dropped(outputs, draws.uniform(ops.shape(outputs)), 0.5)
    for layer in model.layers[1:]:
        outputs = layer(outputs)
    cost = keras.losses.sparse_categorical_crossentropy(LABELS, outputs)
    return float(ops.convert_to_numpy(ops.mean(cost)))


@pytest.mark.parametrize("cls", ["ConvLSTM1D", "ConvLSTM2D"])
def test_dropout_on_convolutional_recurrent_layers(cls):
    x = IMAGES[..., 0, :] if cls == "ConvLSTM1D" else IMAGES
    inner = getattr(layers, cls)(2, 2, kernel_initializer=init(1), recurrent_initializer=init(2))
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), inner, layers.Flatten(), layers.Dense(3, "softmax")]
    )
    assert regkit.Dropout(0.5).select_layers(model) == [inner]
    trained(model, x, [regkit.Dropout(0.5)], steps=1)


def test_both_directions_drop_their_outputs():
    both = layers.Bidirectional(layers.GRU(4))
    model = keras.Sequential([keras.Input((5, 6)), both, layers.Dense(3, "softmax")])
    assert regkit.Dropout(0.5).select_layers(model) == [both]
    assert regkit.Dropout(0.5, layers="*gru*").select_layers(model) == [both]
    trained(model, SEQUENCES, [regkit.Dropout(0.5)], steps=1)
