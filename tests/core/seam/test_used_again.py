"""One list, technique, recipe or folder of backups, used in another way or again."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from tests import models
from tests.core.seam.test_running import model
from tests.core.test_promise_2_nothing_left import traces


def test_a_callback_list_used_again():
    x, y = models.data()
    made = model()
    both = keras.callbacks.CallbackList(
        [regkit.L2(1e-3), regkit.GaussianNoise(0.1)],
        model=made,
        epochs=1,
        steps=3,
        add_history=True,
    )
    for _ in range(3):
        history = made.fit(x, y, callbacks=both, verbose=0, batch_size=8).history
        assert "l2_penalty" in history
        assert not traces(made)


def test_a_loop_by_hand_with_a_callback_list(backend):
    if backend == "jax":
        pytest.skip("on JAX train_on_batch keeps the state on the model; see the next test")
    x, y = models.data()
    made, plain = model(), model()
    start = made.get_weights()
    both = keras.callbacks.CallbackList([regkit.L2(10.0)], model=made, epochs=1, steps=2)
    both.on_train_begin()
    both.on_epoch_begin(0)
    for _ in range(2):
        made.train_on_batch(x, y)
    both.on_epoch_end(0, {})
    both.on_train_end()
    assert not traces(made)
    for _ in range(2):
        plain.train_on_batch(x, y)
    assert not np.allclose(models.values(made)[0], models.values(plain)[0])
    made.set_weights(start)


def test_one_technique_in_two_models():
    x, y = models.data()
    shared = regkit.GaussianNoise(0.3, seed=1)
    first, second = model(), model()
    models.fit(first, x, y, [shared])
    models.fit(second, x, y, [shared])
    models.same(models.values(first), models.values(second))

    def inside(epoch, logs):
        with pytest.raises(regkit.RegkitError, match="at the same time; make a second one"):
            models.fit(second, x, y, [shared])

    history = models.fit(first, x, y, [shared, keras.callbacks.LambdaCallback(on_epoch_end=inside)])
    assert len(history.history["loss"]) == 2
    models.fit(second, x, y)  # the model that refused it is plain
    assert not traces(second)


def test_one_technique_again_after_a_crash_elsewhere():
    x, y = models.data()
    shared, first, second = regkit.L2(0.1), model(), model()

    def crash(*_):
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        models.fit(first, x, y, [shared, keras.callbacks.LambdaCallback(on_epoch_end=crash)])
    assert "l2_penalty" in models.fit(second, x, y, [shared]).history
    assert set(models.fit(first, x, y).history) == {"loss"}
    assert not traces(first)


def test_a_recipe_is_a_callback():
    x, y = models.data()
    recipe = regkit.Recipe("l2(0.1) + gaussian_noise(0.1, seed=1)")
    found = []
    for callbacks in ([recipe], recipe, [*recipe]):
        made = model()
        history = made.fit(x, y, callbacks=callbacks, verbose=0, shuffle=False, epochs=2).history
        found.append([history["l2_penalty"], *models.values(made)])
        assert not traces(made)
    for one in found[1:]:
        models.same(found[0], one)


def test_a_recipe_waits_for_logs_only_where_a_technique_does():
    def waits(recipe):
        return not getattr(recipe.on_train_batch_end, "_is_default", False)

    assert not waits(regkit.Recipe("l2(0.1)"))
    assert waits(regkit.Recipe([regkit.EarlyStopping(every=2, validation_data=models.data())]))


def test_a_lambda_for_layers_compiles_once(backend):
    calls = []

    class Counting(layers.Layer):
        def call(self, inputs, training=False):
            calls.append(1)
            return inputs

    x, y = models.data()
    made = models.compiled(
        keras.Sequential([keras.Input(models.SHAPE), Counting(), *models.body()])
    )
    counts = []
    for _ in range(3):
        before = len(calls)
        models.fit(made, x, y, [regkit.L2(0.1, layers=lambda layer: layer.name == "hidden")])
        counts.append(len(calls) - before)
    if backend != "torch":
        assert counts[1] <= 1  # Keras' own symbolic pass
        assert counts[2] <= 1
    other = models.fit(made, x, y, [regkit.L2(0.1, layers=lambda layer: layer.name == "out")])
    assert other.history["l2_penalty"][0] > 0


def test_somebody_elses_latest_weights_file_is_no_backup(tmp_path):
    x, y = models.data()
    made = model()
    path = tmp_path / "latest.weights.h5"
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: made.save_weights(path))
    take = keras.callbacks.LambdaCallback(
        on_train_begin=lambda *_: path.exists() and made.load_weights(path)
    )
    models.fit(made, x, y, [regkit.L2(0.1), keep, take])
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        models.fit(made, x, y, [regkit.L2(0.1), keep, take])
    assert not [one for one in said if "regkit" in str(one.message)]


def test_after_a_loop_by_hand_that_died_a_fit_is_what_it_is():
    x, y = models.data()
    made = model()
    both = keras.callbacks.CallbackList([regkit.L2(10.0)], model=made, epochs=1, steps=2)
    both.on_train_begin()
    both.on_epoch_begin(0)
    assert set(models.fit(made, x, y).history) == {"loss"}
    assert "l2_penalty" in models.fit(made, x, y, [regkit.L2(0.1)]).history
    assert not traces(made)
