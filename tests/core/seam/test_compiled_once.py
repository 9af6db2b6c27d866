"""One compiled step for every number: strengths, schedules' numbers and seeds are its inputs."""

import keras
import numpy as np
import pytest
from keras.optimizers.schedules import ExponentialDecay

import regkit
from regkit.core.inputs import inputs_of
from regkit.core.options import Strength, constraints
from tests import models
from tests.registered import ALL


class Traced(regkit.Technique):
    """Counts how often its stage method runs in Python: in a compiled step, while it is traced."""

    runs = 0

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        Traced.runs += 1
        return context.value(self.strength) * sum(keras.ops.sum(v**2) for v in context.values)


def penalties(model, techniques, epochs=1):
    x, y = models.data()
    return models.fit(model, x, y, techniques, epochs=epochs).history["traced_penalty"]


@pytest.fixture
def still():
    """A compiled model that does not learn, so that penalties are strength · a constant."""
    Traced.runs = 0
    return models.compiled(models.sequential(), keras.optimizers.SGD(0.0))


def test_another_number_compiles_nothing(still, backend):
    first = penalties(still, [Traced(0.1)])[0]
    runs = Traced.runs
    assert penalties(still, [Traced(0.3)])[0] == pytest.approx(3 * first, rel=1e-5)
    assert Traced.runs == (2 * runs if backend == "torch" else runs)


def test_another_schedule_of_a_class_compiles_nothing(still, backend):
    first = penalties(still, [Traced(ExponentialDecay(0.1, 1, 1.0))])[0]
    runs = Traced.runs
    second = penalties(still, [Traced(ExponentialDecay(0.3, 7, 1.0))])[0]
    assert second == pytest.approx(3 * first, rel=1e-5)
    assert Traced.runs == (2 * runs if backend == "torch" else runs)
    penalties(still, [Traced(ExponentialDecay(0.3, 7, 1.0, staircase=True))])
    assert Traced.runs > runs


def test_a_number_that_a_callback_changes_between_epochs(still):
    technique = Traced(0.1)

    def stronger(epoch, logs):
        technique.strength = 0.1 * (epoch + 2)

    by_epoch = penalties(
        still, [technique, keras.callbacks.LambdaCallback(on_epoch_end=stronger)], epochs=3
    )
    assert np.array(by_epoch) / by_epoch[0] == pytest.approx([1, 2, 3], rel=1e-5)


def test_a_number_that_becomes_impossible_ends_the_fit(still):
    technique = Traced(0.1)

    def wrong(epoch, logs):
        technique.strength = -1.0

    callbacks = [technique, keras.callbacks.LambdaCallback(on_epoch_end=wrong)]
    with pytest.raises(regkit.core.errors.OptionError, match="strength must be a number"):
        penalties(still, callbacks, epochs=2)


def test_what_a_technique_computes_from_a_number_is_a_constant(still):
    class Derived(Traced):
        def __init__(self, strength: Strength = 0.1) -> None:
            super().__init__(strength)
            self.twice = 2 * strength

        def penalty(self, context):
            return self.twice * sum(keras.ops.sum(v**2) for v in context.values)

    x, y = models.data()
    first, second = (
        models.fit(still, x, y, [Derived(s)], epochs=1).history["derived_penalty"][0]
        for s in (0.1, 0.3)
    )
    assert second == pytest.approx(3 * first, rel=1e-5)


def changed(technique):
    """The same technique with other numbers for all of its inputs, and another seed."""
    options = technique.get_config()
    for name in inputs_of(technique):
        number, neutral = options[name], constraints(type(technique))[name].neutral or 0.0
        if isinstance(number, float):  # nearer to where it does nothing
            options[name] = neutral + 0.75 * (number - neutral)
    if "seed" in options:
        options["seed"] = 11
    return type(technique)(**options)


@pytest.mark.parametrize("name", [name for name, make in ALL.items() if inputs_of(make())])
def test_a_step_compiled_for_other_numbers_trains_as_one_of_its_own(name):
    x, y = models.data()
    model, fresh = (models.compiled(models.sequential()) for _ in range(2))
    fresh.set_weights(model.get_weights())
    start = model.get_weights()
    models.fit(model, x, y, [ALL[name]()], epochs=1)
    model.set_weights(start)
    for variable in model.optimizer.variables:
        if "learning_rate" not in variable.path:
            variable.assign(np.zeros(variable.shape, variable.dtype))
    other = changed(ALL[name]())
    for one in (model, fresh):
        regkit.core.seam.clock.note(one, 0)
        models.fit(one, x, y, [type(other)(**other.get_config())], epochs=2)
    models.same(models.values(model), models.values(fresh))
