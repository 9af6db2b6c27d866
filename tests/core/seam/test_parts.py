"""The parts of the loss in the logs: they add up, under names that are not Keras' own."""

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from tests import models


def two_outputs(names):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, {name: layers.Dense(1, name=name)(inputs) for name in names})
    model.compile(keras.optimizers.SGD(0.0), dict.fromkeys(names, "mse"))
    return model


@pytest.mark.parametrize("names", [("data", "b"), ("l2_penalty", "b")])
def test_an_output_keeps_its_name(names):
    x = np.ones((8, 4), "float32")
    y = dict.fromkeys(names, x[:, :1])
    model = two_outputs(names)
    plain = models.fit(model, x, y, epochs=1).history
    parts = models.fit(model, x, y, [regkit.L2(0.1)], epochs=1).history
    assert set(plain) < set(parts)
    for name in plain.keys() - {"loss"}:
        assert parts[name] == pytest.approx(plain[name])
    own = {name: parts[name][0] for name in parts.keys() - plain.keys()}
    assert len(own) == 2
    assert sum(own.values()) == pytest.approx(parts["loss"][0], rel=1e-5)


def test_a_metric_keeps_its_name():
    x, y = models.data()

    class Named(keras.metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(3.0)

    taken = ["l2_penalty", "regkit_l2_penalty"]
    model = models.compiled(models.sequential(), metrics=[Named(name=name) for name in taken])
    history = models.fit(model, x, y, [regkit.L2(0.1)]).history
    assert [history[name] for name in taken] == [[3.0, 3.0], [3.0, 3.0]]
    assert history["regkit_regkit_l2_penalty"][0] != 3.0


@pytest.mark.parametrize("place", [0, 1])
def test_every_callback_sees_the_parts_wherever_it_stands(place):
    x, y = models.data()
    seen = []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs)))
    callbacks = [regkit.L2(0.1), regkit.L1(0.1)]
    callbacks.insert(2 * place, look)
    model = models.compiled(models.sequential())
    history = models.fit(model, x, y, callbacks, validation_data=(x, y)).history
    assert all(set(one) == set(history) for one in seen)
    assert not any(name.startswith("val_") and "penalty" in name for name in history)
    total = np.sum([history[name] for name in ("data_loss", "l1_penalty", "l2_penalty")], axis=0)
    np.testing.assert_allclose(total, history["loss"], rtol=1e-5)


def test_evaluate_in_a_callback_shows_no_parts():
    x, y = models.data()
    model = models.compiled(models.sequential())
    found = []

    class Looks(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            found.append(set(model.evaluate(x, y, verbose=0, return_dict=True)))

    models.fit(model, x, y, [regkit.L2(0.1), Looks()])
    assert found == [{"loss"}, {"loss"}]
