"""GaussianNoise and Dropout as distributions, and against Keras' layers."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

import regkit
from regkit.techniques.dropout.dropout import dropped
from tests import models

N, STEPS = 4000, 6


class Keep(keras.layers.Layer):
    """Adds the first moments of what passes in training to a variable, to look at afterwards."""

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = shape

    def build(self, _):
        self.seen = self.add_weight(
            shape=(STEPS, *self.shape), initializer="zeros", trainable=False
        )
        self.step = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, x, training=False):
        if training:
            place = ops.one_hot(self.step.value, STEPS)
            for _ in self.shape:
                place = place[:, None]
            self.seen.assign(self.seen + place * ops.cast(x, "float32")[None])
            self.step.assign(self.step + 1)
        return x


def passed(technique, x, layer=None):
    """Return what a layer computed in each training step."""
    keep = Keep(x.shape, name="keep")
    stack = [keras.Input(x.shape[1:], batch_size=len(x))] + ([layer] if layer else []) + [keep]
    model = keras.Sequential([*stack, keras.layers.Dense(1, name="out")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(
        x, np.zeros((len(x), 1)), batch_size=len(x), epochs=STEPS, verbose=0, callbacks=[technique]
    )
    return np.array(ops.convert_to_numpy(keep.seen))


def test_noise_is_normal_with_the_given_deviation_and_independent():
    x = np.full((N, 2), 3.0, "float32")
    noise = passed(regkit.GaussianNoise(0.25, seed=1), x) - 3.0
    assert stats.kstest(noise.ravel() / 0.25, "norm").pvalue > 1e-3
    flat = noise.reshape(STEPS, -1)
    limit = 4 / np.sqrt(flat.shape[1])
    correlations = np.corrcoef(flat)[np.triu_indices(STEPS, 1)]
    assert np.abs(correlations).max() < limit  # steps
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < limit  # features
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < limit  # examples


def test_noise_leaves_whole_numbers_alone():
    ids, real = keras.Input((2,), dtype="int32", name="ids"), keras.Input((2,), name="real")
    x = keras.layers.Concatenate()(
        [keras.layers.Flatten()(keras.layers.Embedding(5, 2)(ids)), real]
    )
    model = keras.Model({"ids": ids, "real": real}, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    data = {"ids": np.ones((8, 2), "int32"), "real": np.zeros((8, 2), "float32")}
    history = model.fit(data, np.zeros((8, 1)), callbacks=[regkit.GaussianNoise(0.1)], verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_noise_on_a_linear_model_acts_as_l2_of_its_variance():
    """E‖y − (x + ε)w‖² = ‖y − xw‖² + σ²‖w‖² (Bishop 1995)."""
    w = np.array([[1.0], [-2.0]], "float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.set_weights([w])
    x = np.zeros((20000, 2), "float32")
    history = model.fit(x, np.zeros((20000, 1)), batch_size=20000, verbose=0,
                        callbacks=[regkit.GaussianNoise(0.3, seed=2)])  # fmt: skip
    expected = 0.09 * 5
    error = expected * np.sqrt(2 / 20000)
    assert history.history["loss"][0] == pytest.approx(expected, abs=4 * error)


def identity_layer(units):
    return keras.layers.Dense(units, kernel_initializer="identity", name="hidden")


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_is_bernoulli_and_inverted(rate):
    x = np.full((N, 4), 2.0, "float32")
    seen = passed(regkit.Dropout(rate, layers="hidden", seed=1), x, identity_layer(4))
    np.testing.assert_allclose(
        np.unique(np.round(seen, 4)), [0, np.round(2 / (1 - rate), 4)], rtol=1e-4
    )
    kept = (seen > 0).ravel()
    assert stats.binomtest(int(kept.sum()), kept.size, 1 - rate).pvalue > 1e-3
    flat = (seen > 0).reshape(STEPS, -1)
    assert np.abs(np.corrcoef(flat)[np.triu_indices(STEPS, 1)]).max() < 4 / np.sqrt(flat.shape[1])
    units = (seen > 0).reshape(-1, 4)
    assert np.abs(np.corrcoef(units.T)[np.triu_indices(4, 1)]).max() < 4 / np.sqrt(len(units))


def test_the_moments_are_those_of_keras_dropout():
    x = np.random.default_rng(0).normal(size=(N, 3)).astype("float32")
    ours = passed(regkit.Dropout(0.3, layers="hidden", seed=1), x, identity_layer(3))
    keras_own = np.stack([
        ops.convert_to_numpy(keras.layers.Dropout(0.3, seed=k)(x, training=True)) for k in range(STEPS)
    ])  # fmt: skip
    for moment in (1, 2):
        a, b = (one**moment for one in (ours, keras_own))
        error = np.sqrt(a.var() / a.size + b.var() / b.size)
        assert abs(a.mean() - b.mean()) < 4 * error


def test_the_mask_is_the_gradients_mask():
    """The units that are dropped get no gradient."""
    uniform = ops.convert_to_tensor(np.array([[0.1, 0.9]], "float32"))
    out = ops.convert_to_numpy(dropped(ops.ones((1, 2)), uniform, 0.5))
    np.testing.assert_allclose(out, [[0.0, 2.0]])
    np.testing.assert_allclose(
        ops.convert_to_numpy(dropped(ops.ones((1, 2)), uniform, ops.ones(()))), 0
    )


def test_each_call_of_a_shared_layer_drops_anew():
    shared = identity_layer(4)
    a = keras.Input((4,), batch_size=64)
    keep = Keep((64, 4), name="keep")
    model = keras.Model(a, keras.layers.Dense(1)(keep(shared(shared(a)))))
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.ones((64, 4), "float32")
    model.fit(x, np.zeros((64, 1)), batch_size=64, epochs=STEPS, verbose=0,
              callbacks=[regkit.Dropout(0.5, layers="hidden", seed=1)])  # fmt: skip
    seen = np.array(ops.convert_to_numpy(keep.seen))
    share = (seen > 0).mean()  # kept twice: a quarter, were the masks equal it would be a half
    assert share == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / seen.size))


def test_a_recurrent_layer_that_returns_its_state_drops_its_sequence_only():
    a = keras.Input((5, 3))
    out, *state = keras.layers.LSTM(4, return_state=True, name="lstm")(a)
    model = keras.Model(a, keras.layers.Dense(1)(keras.layers.Concatenate()([out, *state])))
    models.compiled(model, loss="mse")
    x = np.random.default_rng(0).normal(size=(8, 5, 3)).astype("float32")
    history = models.fit(model, x, np.zeros((8, 1)), [regkit.Dropout(0.5)])
    assert np.isfinite(history.history["loss"]).all()
