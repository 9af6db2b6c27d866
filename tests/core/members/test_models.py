"""Members of models of every kind are the fits of the loop."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from tests.core.members.test_equal_to_the_loop import same

BACKEND = keras.backend.backend()
N = 10
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(N, 4)).astype("float32"), np.arange(N) % 3
CLASSES = "sparse_categorical_crossentropy"


class Added(layers.Layer):
    """Adds a loss."""

    def call(self, x):
        self.add_loss(0.1 * ops.mean(ops.square(x)))
        return x


class AlwaysNoisy(layers.Layer):
    """Draws when it is evaluated too, but on PyTorch, where its seed is read in a call."""

    def __init__(self):
        super().__init__()
        self.dropout = layers.Dropout(0.0 if BACKEND == "torch" else 0.5, seed=1)

    def call(self, x):
        return self.dropout(x, training=True)


class Counts(layers.Layer):
    """Has a variable that a step changes, and a weight that is one number."""

    def build(self, shape):
        self.steps = self.add_weight(initializer="zeros", trainable=False, dtype="int32")
        self.scale = self.add_weight(initializer="ones")

    def call(self, x, training=False):
        if training:
            self.steps.assign_add(1)
        return x * self.scale


class Subclassed(keras.Model):
    """Says in `call` what it computes, and has a loss beside that of `compile`."""

    def __init__(self):
        super().__init__()
        self.hidden, self.norm = layers.Dense(5, "relu"), layers.BatchNormalization()
        self.out = layers.Dense(3, "softmax")

    def call(self, x, training=False):
        return self.out(self.norm(self.hidden(x), training=training))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss + 0.1 * ops.mean(ops.square(y_pred))


def compiled(model, loss=CLASSES, optimizer=None, **options):
    model.compile(optimizer or keras.optimizers.SGD(0.05, momentum=0.9), loss, **options)
    return model


def stack(*inner, shape=(4,), **options):
    out = layers.Dense(3, "softmax", dtype="float32")
    return compiled(keras.Sequential([keras.Input(shape), *inner, out]), **options)


def many_layers():
    """Two inputs and outputs, and layers with state, losses, constraints, frozen weights."""
    words, numbers = keras.Input((3,), name="words"), keras.Input((4,), name="numbers")
    read = layers.Embedding(5, 4)(words)
    read = layers.Flatten()(layers.MultiHeadAttention(2, 2)(read, read))
    seen = layers.Dense(4, "gelu", kernel_regularizer="l2", activity_regularizer="l1")(numbers)
    seen = AlwaysNoisy()(Counts()(Added()(layers.LayerNormalization()(seen))))
    both = layers.concatenate([read, seen])
    both = layers.Dense(4, trainable=False)(both)
    both = layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(0.5))(both)
    label = layers.Dense(3, "softmax", name="label")(both)
    value = layers.Dense(1, name="value")(both)
    model = keras.Model({"words": words, "numbers": numbers}, {"label": label, "value": value})
    return compiled(
        model,
        {"label": CLASSES, "value": "mse"},
        keras.optimizers.Adam(0.01),
        loss_weights={"label": 1.0, "value": 0.3},
        metrics={"label": ["accuracy"]},
        weighted_metrics={"value": ["mae"]},
    )


def both(build_model, x=X, y=Y, **options):
    given = {"n_members": 2, "seeds": 0, "epochs": 2, "batch_size": 4, **options}
    together, in_turn = (
        regkit.fit_members(build_model, x, y, engine=engine, **given)
        for engine in ("vectorized", "sequential")
    )
    return together, in_turn


def test_many_layers():
    x = {"words": RNG.integers(0, 5, (N, 3)), "numbers": X}
    y, weights = {"label": Y, "value": X[:, :1]}, np.linspace(0.1, 1, N)
    together, in_turn = both(
        many_layers,
        x,
        y,
        sample_weight=weights,
        validation_data=(x, y, weights[::-1]),
        validation_batch_size=3,
        recipe="l2(1e-3)",
    )
    if BACKEND == "tensorflow":  # where Keras gives all batches one weight, a small last one too
        for history in (*together.histories, *in_turn.histories):
            for name in ("label_loss", "value_loss", "val_label_loss", "val_value_loss"):
                del history[name]
    same(together, in_turn)


BUILDS = {
    "subclassed, not built": lambda: compiled(Subclassed()),
    "not built": lambda: compiled(keras.Sequential([layers.Dense(5), layers.Dense(3, "softmax")])),
    "within a model": lambda: stack(
        keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    ),
    "steps per execution": lambda: stack(steps_per_execution=2),
    "loops": lambda: stack(layers.Reshape((2, 2)), layers.GRU(2)),
}


@pytest.mark.parametrize("name", BUILDS)
def test_kinds_of_models(name):
    same(*both(BUILDS[name], recipe="l2(1e-3)"))


def test_several_inputs_in_a_list():
    def build():
        a, b = keras.Input((4,)), keras.Input((4,))
        return compiled(keras.Model([a, b], layers.Dense(3, "softmax")(layers.add([a, b]))))

    same(*both(build, [X, X[::-1].copy()]))


@pytest.mark.parametrize("optimizer", ["Adam", "RMSprop"])
def test_the_gradient_of_an_embedding(optimizer):
    """On TensorFlow it is sparse, and some optimizers of Keras cannot be mapped over that."""

    def build():
        kind = getattr(keras.optimizers, optimizer)
        embedding = layers.Embedding(4, 2)
        return stack(embedding, layers.Flatten(), shape=(3,), optimizer=kind(0.01, clipnorm=0.01))

    options = {"x": RNG.integers(0, 4, (N, 3)), "y": Y, "n_members": 2, "seeds": 0, "epochs": 2}
    chosen, in_turn = (
        regkit.fit_members(build, batch_size=4, engine=engine, **options)
        for engine in ("auto", "sequential")
    )
    same(chosen, in_turn)
    if BACKEND == "tensorflow" and optimizer == "RMSprop":
        assert "InvalidArgumentError: Tried to stack" in chosen.reason
    else:
        assert chosen.engine == "vectorized"


def test_metrics_whose_results_are_arrays():
    y = np.eye(3, dtype="float32")[Y]
    metric = {"metrics": [keras.metrics.F1Score(name="f1")]}
    together, in_turn = both(
        lambda: stack(loss="categorical_crossentropy", **metric), y=y, validation_data=(X, y)
    )
    same(together, in_turn)
    assert np.shape(together.histories[0]["val_f1"]) == (2, 3)


def test_half_precision():
    policy = keras.DTypePolicy("mixed_bfloat16")
    inner = [layers.Dense(5, "relu", dtype=policy), layers.BatchNormalization(dtype=policy)]
    together, in_turn = both(lambda: stack(*[type(x).from_config(x.get_config()) for x in inner]))
    same(together, in_turn, 5e-3)  # bfloat16 has 8 bits
