"""What else may run inside a fit, or in the place of Keras' own: techniques go on, or it refuses."""

import keras
import numpy as np
import pytest

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
