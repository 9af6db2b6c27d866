"""Strengths as inputs of the step: what stands for them there, and what it refuses."""

import operator
import pickle

import keras
import numpy as np
import pytest
from keras import ops
from keras.optimizers import schedules as keras_schedules

import regkit
from regkit.core import schedules
from regkit.core.inputs import given_now, inputs_of
from tests import models

SCHEDULES = {
    "exponential": keras_schedules.ExponentialDecay(0.3, 5, 0.5),
    "exponential, staircase": keras_schedules.ExponentialDecay(0.3, 5, 0.5, staircase=True),
    "piecewise": keras_schedules.PiecewiseConstantDecay([3, 7], [0.3, 0.1, 0.2]),
    "piecewise, real boundaries": keras_schedules.PiecewiseConstantDecay([3.0, 7.0], [1, 2, 3]),
    "polynomial": keras_schedules.PolynomialDecay(0.3, 10, 0.01, power=2.0),
    "polynomial, cycle": keras_schedules.PolynomialDecay(0.3, 4, 0.01, cycle=True),
    "inverse time": keras_schedules.InverseTimeDecay(0.3, 4, 0.5),
    "cosine": keras_schedules.CosineDecay(0.3, 10, alpha=0.1),
    "cosine, warm-up": keras_schedules.CosineDecay(0.0, 10, warmup_target=0.4, warmup_steps=3),
    "restarts": keras_schedules.CosineDecayRestarts(0.3, 3, t_mul=1.0, m_mul=0.5),
    "restarts, longer": keras_schedules.CosineDecayRestarts(0.3, 3, t_mul=2.0, alpha=0.1),
}


def test_every_schedule_of_keras_is_here():
    assert {type(schedule) for schedule in SCHEDULES.values()} == set(schedules.by_name().values())


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_with_its_numbers_as_tensors_is_the_schedule(name):
    schedule = SCHEDULES[name]

    def tensor(number):
        return ops.convert_to_tensor(number, "int32" if isinstance(number, int) else "float32")

    given = keras.tree.map_structure(tensor, schedules.numbers(schedule))
    for step in (0, 1, 3, 4, 6, 7, 8, 11, 25):
        number = ops.convert_to_tensor(step, "int32")
        expected = schedules.at(schedule, number)
        value = schedules.at(schedules.with_numbers(schedule, given), number)
        assert float(value) == pytest.approx(float(expected), rel=1e-6, abs=1e-7)


def test_what_is_no_number_in_a_schedule_tells_it_apart():
    fixed = {name: schedules.fixed(schedule) for name, schedule in SCHEDULES.items()}
    assert len(set(fixed.values())) == len(SCHEDULES) - 1  # the restarts differ in numbers alone
    assert fixed["restarts"] == fixed["restarts, longer"]
    more = keras_schedules.PiecewiseConstantDecay([3, 7, 9], [0.3, 0.1, 0.2, 0.1])
    assert schedules.fixed(more) != fixed["piecewise"]


@pytest.mark.parametrize(
    "use",
    [
        *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
        *(operator.add, operator.sub, operator.mul, operator.truediv, operator.pow),
        lambda strength, number: number * strength,
        lambda strength, number: number - strength,
        lambda strength, number: -strength,
        lambda strength, number: float(strength),
        lambda strength, number: int(strength),
        lambda strength, number: bool(strength),
        lambda strength, number: np.asarray(strength) * number,
        lambda strength, number: np.ones(3) * strength,
    ],
)
def test_a_number_that_is_read_otherwise_is_refused(use):
    class Read(regkit.Technique):
        def __init__(self, strength: regkit.core.options.Strength = 0.1) -> None:
            super().__init__()
            self.strength = strength

        def penalty(self, context):
            return use(self.strength, 0.25) * 1.0

    x, y = models.data()
    technique = Read(0.5)
    with pytest.raises(regkit.RegkitError, match=r"Read: the option strength is .*context\.value"):
        models.fit(models.compiled(models.sequential()), x, y, [technique])
    assert technique.strength == 0.5


def test_a_schedule_that_is_called_in_the_step_is_refused():
    class Called(regkit.Technique):
        def __init__(self, strength: regkit.core.options.Strength = 0.1) -> None:
            super().__init__()
            self.strength = strength

        def penalty(self, context):
            return self.strength(context.step)

    x, y = models.data()
    with pytest.raises(regkit.RegkitError, match=r"is called .*context\.value\(self\.strength\)"):
        models.fit(models.compiled(models.sequential()), x, y, [Called(SCHEDULES["cosine"])])


def test_a_technique_shows_its_numbers_in_the_step_too():
    class Shown(regkit.Technique):
        def __init__(self, strength: regkit.core.options.Strength = 0.1) -> None:
            super().__init__()
            self.strength = strength

        def penalty(self, context):
            raise ValueError(f"{self!r} {self.get_config()} {self.is_neutral()}")

    x, y = models.data()
    with pytest.raises(ValueError, match=r"Shown\(strength=0.5\) \{'strength': 0.5\} False"):
        models.fit(models.compiled(models.sequential()), x, y, [Shown(0.5)])


def test_which_options_are_inputs():
    def names(technique):
        return set(inputs_of(technique))

    assert names(regkit.ElasticNet(0.1, 0.5)) == {"strength", "l1_ratio"}
    assert names(regkit.ElasticDistortion(3.0, 1.0)) == {"alpha"}  # it moves every image
    assert names(regkit.ElasticDistortion(3.0, 1.0, probability=0.5)) == {"alpha", "probability"}
    assert names(regkit.ElasticDistortion((1.0, 2.0), 1.0)) == set()
    assert names(regkit.EarlyStopping()) == set()


@pytest.mark.parametrize(
    ("value", "error"),
    [(-1.0, "must be a number"), (0.0, "has become 0.0"), (SCHEDULES["cosine"], "has become Cos")],
)
def test_an_option_that_becomes_what_the_step_was_not_made_for(value, error):
    technique = regkit.L2(0.1)
    made_for = inputs_of(technique)["strength"]
    technique.strength = value
    if not isinstance(value, float):
        error = "has become"
    with pytest.raises(regkit.RegkitError, match=error):
        given_now(technique, made_for)


def test_a_technique_pickles_after_a_fit():
    x, y = models.data()
    technique = regkit.L2(0.1)
    models.fit(models.compiled(models.sequential()), x, y, [technique])
    assert type(technique.strength) is float
    technique._model = None
    assert pickle.loads(pickle.dumps(technique)).strength == 0.1
