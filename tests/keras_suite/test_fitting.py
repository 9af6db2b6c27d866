"""The technique joins every fit, however its callbacks are given, and leaves nothing behind."""

import keras
import numpy as np
import pytest

from regkit.core.errors import RegkitError
from tests.keras_suite.fitting import Seen, in_every_fit
from tests.keras_suite.inert import Inert, InertTarget

X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


class Counting(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1


def small():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def seen():
    Inert.reached.clear()
    return Seen()


FORMS = {
    "one": lambda mine, model: mine,
    "a list": lambda mine, model: [mine],
    "a tuple": lambda mine, model: (mine,),
    "nested lists": lambda mine, model: [[mine], []],
    "a CallbackList": lambda mine, model: keras.callbacks.CallbackList(
        [mine], add_history=True, model=model, epochs=1, steps=2, verbose=0
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_joins_whatever_form_the_callbacks_have(form, seen):
    model, mine = small(), Counting()
    given = FORMS[form](mine, model)
    with in_every_fit(InertTarget, seen):
        model.fit(X, Y, batch_size=4, verbose=0, callbacks=given)
        model.fit(X, Y, batch_size=4, verbose=0, callbacks=given)
    assert seen.fits == 2
    assert not seen.refusals
    assert Inert.reached == {"data", "forward", "target", "gradient"}
    assert mine.batches == 4
    if isinstance(given, keras.callbacks.CallbackList):
        assert mine in given.callbacks
        assert not any(isinstance(one, Inert) for one in given.callbacks)


@pytest.mark.parametrize("arguments", [(), (4, 1, 0, None)], ids=["none", "by position"])
def test_it_joins_a_fit_without_callbacks(arguments, seen):
    with in_every_fit(Inert, seen):
        small().fit(X, Y, *arguments)
    assert seen.fits == 1
    assert Inert.reached == {"data", "forward", "gradient"}


def test_it_joins_a_fit_within_a_fit(seen):
    class Inner(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            small().fit(X, Y, verbose=0)

    with in_every_fit(Inert, seen):
        small().fit(X, Y, verbose=0, callbacks=Inner())
    assert seen.fits == 2


def test_it_joins_the_fit_of_a_subclass_with_a_fit_of_its_own(seen):
    class Own(keras.Sequential):
        def fit(self, *args, **kwargs):
            return super().fit(*args, verbose=0, **kwargs)

    model = Own([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with in_every_fit(Inert, seen):
        model.fit(X, Y)
    assert seen.fits == 1
    assert "gradient" in Inert.reached


def test_a_model_without_weights_or_layers_is_no_error_of_the_selection():
    class Empty(keras.Model):
        def call(self, inputs):
            return inputs

    assert Inert().select_layers(Empty()) == []


def test_a_refusal_is_noted_and_goes_on_its_way(seen):
    class Refusing(Inert):
        def check(self, model):
            raise RegkitError("not this one")

    with in_every_fit(Refusing, seen), pytest.raises(ValueError, match="not this one"):
        small().fit(X, Y, verbose=0)
    assert seen.refusals == ["RegkitError: not this one"]


def test_wrong_arguments_are_keras_own_error(seen):
    with in_every_fit(Inert, seen), pytest.raises(TypeError, match="epoch_count"):
        small().fit(X, Y, epoch_count=1)
    assert seen.fits == 0


def test_fit_is_keras_own_again(seen):
    before = keras.Model.fit
    with pytest.raises(ZeroDivisionError), in_every_fit(Inert, seen):
        assert keras.Model.fit is not before
        raise ZeroDivisionError
    assert keras.Model.fit is before
