"""DropConnect as a layer."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from regkit.core.errors import OptionError, SelectionError
from tests import models
from tests.techniques.dropping import BATCH, IN, OUT, RATE, close_in_standard_errors, inputs


@pytest.mark.parametrize("mask", ["gaussian", "example", "batch"])
def test_the_layer_is_the_technique_for_one_layer(mask):
    inner = layers.Dense(OUT, name="inner")
    wrapped = regkit.layers.DropConnect(inner, RATE, mask, seed=3)
    x = inputs()
    model = keras.Sequential([keras.Input((IN,)), wrapped])
    np.testing.assert_array_equal(*(ops.convert_to_numpy(y) for y in (model(x), inner(x))))
    kernel, b = (ops.convert_to_numpy(one) for one in inner.weights)
    many = np.repeat(x[:1], 200, axis=0)  # few calls, many examples: eager calls are slow
    seen = np.concatenate([ops.convert_to_numpy(model(many, training=True)) for _ in range(3)])
    variance = RATE / (1 - RATE) * (x[0] ** 2 @ kernel**2)
    if mask == "batch":
        seen = seen[::200]  # the examples of a call share their mask
        assert len({tuple(row) for row in seen}) == 3
    else:
        close_in_standard_errors(seen.mean(0), x[0] @ kernel + b, np.sqrt(variance / 600))
        np.testing.assert_allclose(seen.var(0), variance, rtol=0.4)
    models.compiled(model, loss="mse")
    models.fit(model, x, np.zeros((BATCH, OUT)), epochs=2)
    assert not np.allclose(ops.convert_to_numpy(inner.kernel), kernel)


def test_the_layer_saves_and_loads(tmp_path):
    model = keras.Sequential([keras.Input((5, 2)),
                              regkit.layers.DropConnect(layers.LSTM(3), 0.2, weights="recurrent_kernel")])  # fmt: skip
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = inputs(0, (4, 5, 2))
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    config = again.layers[-1].get_config()
    assert (config["rate"], config["mask"], config["weights"]) == (
        0.2,
        "gaussian",
        "recurrent_kernel",
    )


@pytest.mark.parametrize(("options", "message"), [
    ({"rate": 1.0}, r"rate must be a number in \[0, 1\)"),
    ({"rate": keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)}, "schedule needs the technique"),
    ({"mask": "bernoulli"}, "'gaussian' or 'example' or 'batch'"),
    ({"seed": -1}, "seed must be"),
    ({"weights": 3}, "weights must be"),
])  # fmt: skip
def test_impossible_options_of_the_layer(options, message):
    with pytest.raises(OptionError, match=message):
        regkit.layers.DropConnect(layers.Dense(2), **options)


def test_a_layer_without_such_weights():
    with pytest.raises(SelectionError, match="matches no trainable weight"):
        regkit.layers.DropConnect(layers.Dense(2), weights="gamma").build((None, 3))
