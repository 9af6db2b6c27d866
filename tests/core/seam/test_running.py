"""What else may run inside a fit, or in the place of Keras' own: techniques go on, or it refuses."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from tests import models
from tests.core.test_promise_2_nothing_left import traces


def model():
    return models.compiled(models.sequential())


def test_a_batch_trained_by_a_callback_has_the_techniques_too(backend):
    if backend == "jax":
        pytest.skip("on JAX Keras itself cannot train a batch inside a fit")
    seen = []

    class Look(regkit.Technique):
        def data(self, batch, context):
            seen.append(1)
            return batch

    x, y = models.data()
    made = models.compiled(models.sequential(), run_eagerly=True)
    call = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batch == 0 and made.train_on_batch(x[:8], y[:8])
    )
    history = models.fit(made, x, y, [Look(), regkit.L2(0.1), call], epochs=2).history
    assert len(seen) == 2 * (3 + 1)
    assert sorted(history) == ["data_loss", "l2_penalty", "loss"]
    assert not traces(made)


def test_after_a_crash_a_batch_is_plain_again(backend):
    x, y = models.data()
    made, plain = model(), model()

    def crash(batch, logs):
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        models.fit(
            made, x, y, [regkit.L2(10.0), keras.callbacks.LambdaCallback(on_train_batch_end=crash)]
        )
    made.set_weights(plain.get_weights())
    made.train_on_batch(x, y)
    plain.train_on_batch(x, y)
    models.same(models.values(made), models.values(plain))
    assert not traces(made)


class Asks(keras.callbacks.Callback):
    """Asks for a new train function before the second epoch, as after a change of `trainable`."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.make_train_function(force=True)


def test_a_new_train_function_asked_for_inside_the_fit_has_the_techniques():
    found = []
    for others in ([], [Asks()]):
        x, y = models.data()
        made = model()
        noise = regkit.GaussianNoise(0.3, seed=1)
        history = models.fit(made, x, y, [regkit.L2(0.1), noise, *others], epochs=3).history
        found.append([np.array(history["l2_penalty"]), *models.values(made)])
        assert not traces(made)
    models.same(*found, 1e-6)


def test_a_fit_inside_a_fit_is_refused_at_once_and_the_techniques_do_not_vanish():
    x, y = models.data()
    made = model()

    def inner(batch, logs):
        with pytest.raises(regkit.RegkitError, match="begins inside a fit"):
            made.fit(x, y, verbose=0)

    call = keras.callbacks.LambdaCallback(on_epoch_end=inner)
    history = models.fit(made, x, y, [regkit.L2(0.1), call], epochs=2).history
    assert len(history["l2_penalty"]) == 2
    assert not traces(made)


def test_a_fit_inside_one_that_is_only_watched_is_as_in_keras():
    x, y = models.data()
    made = model()
    call = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: made.fit(x, y, verbose=0))
    stopping = regkit.EarlyStopping("loss", verbose=0)
    models.fit(made, x, y, [stopping, call], epochs=2)
    assert stopping.history
    assert not traces(made)


def test_a_fit_with_techniques_inside_a_plain_one():
    x, y = models.data()
    made = model()
    seen = []
    call = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(
            made.fit(x, y, verbose=0, callbacks=[regkit.L2(0.1)]).history
        )
    )
    models.fit(made, x, y, [call], epochs=2)
    assert all("l2_penalty" in one for one in seen)
    assert not traces(made)


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


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("what", ["batch", "function"])
def test_what_asks_before_the_first_epoch_makes_no_technique_vanish(what, first, backend):
    if what == "batch" and backend == "jax":
        pytest.skip("on JAX Keras itself cannot train a batch inside a fit")
    x, y = models.data()
    made = model()

    def ask(logs=None):
        if what == "batch":
            made.train_on_batch(x, y)
        else:
            made.make_train_function(force=True)

    call = keras.callbacks.LambdaCallback(on_train_begin=ask)
    callbacks = [call, regkit.L2(0.1)] if first else [regkit.L2(0.1), call]
    assert "l2_penalty" in models.fit(made, x, y, callbacks).history
    assert not traces(made)


def test_a_fit_before_the_first_epoch_is_refused():
    x, y = models.data()
    made = model()
    call = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs=None: made.fit(x, y, verbose=0)
    )
    with pytest.raises(regkit.RegkitError, match="begins inside a fit"):
        models.fit(made, x, y, [regkit.L2(0.1), call])
    assert set(models.fit(made, x, y).history) == {"loss"}
    assert not traces(made)


def test_the_parts_are_there_after_a_batch_trained_at_the_end_of_an_epoch(backend):
    if backend == "jax":
        pytest.skip("on JAX Keras itself cannot train a batch inside a fit")
    x, y = models.data()
    made = model()
    call = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batch == 2 and made.train_on_batch(x[:8], y[:8])
    )
    history = models.fit(made, x, y, [regkit.L2(0.1), call]).history
    assert sorted(history) == ["data_loss", "l2_penalty", "loss"]


class Recompiles(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
            self.model.make_train_function()


@pytest.mark.parametrize("technique", [regkit.GaussianNoise(1e-9), regkit.L2(1e-9)])
def test_a_model_compiled_anew_inside_the_fit_trains_as_it_is_compiled(technique, backend):
    if backend == "jax":
        pytest.skip("on JAX Keras' loop keeps the state of the optimizer that it began with")
    found = []
    for techniques in ([], [technique]):
        x, y = models.data()
        made = model()
        history = models.fit(made, x, y, [*techniques, Recompiles()], epochs=3).history["loss"]
        found.append([np.array(history), *models.values(made)])
        assert not traces(made)
    models.same(*found, 1e-5)


def test_a_make_train_function_of_ones_own_is_not_dropped():
    class Own(keras.Sequential):
        def make_train_function(self, force=False):
            return super().make_train_function(force)

    x, y = models.data()
    made = models.compiled(Own([keras.Input(models.SHAPE), *models.body()]))
    with pytest.raises(regkit.RegkitError, match="make_train_function of its own"):
        models.fit(made, x, y, [regkit.L2(0.1)])
    models.fit(made, x, y, [regkit.EarlyStopping("loss", verbose=0)])  # on the host alone


def test_after_a_loop_by_hand_that_died_a_fit_is_what_it_is():
    x, y = models.data()
    made = model()
    both = keras.callbacks.CallbackList([regkit.L2(10.0)], model=made, epochs=1, steps=2)
    both.on_train_begin()
    both.on_epoch_begin(0)
    assert set(models.fit(made, x, y).history) == {"loss"}
    assert "l2_penalty" in models.fit(made, x, y, [regkit.L2(0.1)]).history
    assert not traces(made)
