"""What cannot be one computation goes in turn, or is refused in words."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from regkit.core.decisions.contract import Decision
from regkit.core.decisions.decider import Decider
from regkit.core.members.cannot_stack import in_a_line
from tests.core.members.small import members
from tests.core.members.test_equal_to_the_loop import same

X, Y = np.random.default_rng(0).normal(size=(8, 4)), np.arange(8) % 3


class Body(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(3, activation="softmax")

    def call(self, x):
        return self.out(x)


class OwnFit(Body):
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs)


class OwnTestStep(Body):
    def test_step(self, *args):
        return super().test_step(*args)


class OwnMetrics(Body):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return {**super().compute_metrics(x, y, y_pred, sample_weight), "two": 2.0}


class Watched(Body):
    """Notes a mean of its outputs while it is called."""

    def __init__(self):
        super().__init__()
        self.mean = keras.metrics.Mean(name="mean")

    def call(self, x):
        y = super().call(x)
        if keras.backend.backend() != "jax":  # where Keras itself loses it
            self.mean.update_state(ops.mean(y[:, 0]))
        return y


class Looks(layers.Layer):
    """Does one thing or another by the values that come in."""

    def call(self, x):
        return x * 2 if float(ops.convert_to_numpy(ops.mean(x))) > 0 else x


def compiled(model, **options):
    model.compile("sgd", "sparse_categorical_crossentropy", **options)
    return model


def fitted(build_model, **options):
    return regkit.fit_members(build_model, X, Y, n_members=2, seeds=0, batch_size=4, **options)


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        (OwnFit, "fit of its own"),
        (OwnTestStep, "test_step of its own"),
        (OwnMetrics, "compute_metrics of its own"),
        (Watched, r"metrics of its own \(mean\)"),
    ],
)
def test_models_whose_fit_is_more_than_a_pure_step(cls, why):
    with pytest.raises(regkit.RegkitError, match=why):
        fitted(lambda: compiled(cls()), engine="vectorized")
    assert why.replace("\\", "") in fitted(lambda: compiled(cls())).reason


def test_a_train_step_of_one_object():
    def build():
        model = compiled(Body())
        model.train_step = model.train_step
        return model

    with pytest.raises(regkit.RegkitError, match="train_step of its own"):
        fitted(build, engine="vectorized")


def fails(*args):
    raise RuntimeError("Exception encountered when calling Mine.call().\n\n\x1b[1mNo\x1b[0m\n\nx=1")


def test_what_fails_when_it_is_stacked_goes_in_turn(monkeypatch):
    monkeypatch.setattr("regkit.core.members.group.Group.epoch", fails)
    in_turn = members(recipe="l2(1e-3)")
    assert "cannot be made: RuntimeError in Mine.call(): No" in in_turn.reason
    same(in_turn, members(recipe="l2(1e-3)", engine="sequential"), 0.0)


def test_what_fails_when_it_is_stacked_is_an_error_where_that_was_asked_for(monkeypatch):
    monkeypatch.setattr("regkit.core.members.group.Group.epoch", fails)
    with pytest.raises(regkit.RegkitError, match=r"No\. Leave engine= out") as raised:
        members(engine="vectorized")
    assert isinstance(raised.value.__cause__, RuntimeError)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="compiled steps see no values")
def test_a_layer_that_looks_at_values():
    def build():
        return compiled(keras.Sequential([keras.Input((4,)), Looks(), layers.Dense(3)]))

    in_turn = fitted(build, epochs=2)
    assert "Looks.call()" in in_turn.reason
    with pytest.raises(regkit.RegkitError, match=r"Looks\.call\(\)"):
        fitted(build, engine="vectorized")


class Breaks(Decider):
    def initial_decision(self):
        return 0

    def decide(self, logs, state, moment):
        if moment.epoch == 1:
            raise KeyError("of the user's own")
        return Decision(stop=False, keep=False, state=state)


def test_an_error_of_the_users_own_is_not_taken_for_one_of_the_stack():
    with pytest.raises(KeyError, match="of the user's own"):
        members(recipe=[Breaks()])


def test_long_messages_are_cut_at_a_word():
    line = in_a_line(ValueError("word " * 100))
    assert len(line) < 230
    assert line.endswith("word …")
