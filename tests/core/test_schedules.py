"""A schedule that works as a learning rate works as a strength."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core import schedules
from tests import models


class Own(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of the user's, without `get_config`; `formula` reckons with value and step."""

    def __init__(self, value, formula):
        self.value, self.formula = value, formula

    def __call__(self, step):
        return self.formula(self.value, step)


FORMULAS = {
    "product": lambda v, step: v * step,
    "sum first": lambda v, step: v * (step + 1),
    "quotient": lambda v, step: v / (1 + step),
    "parity": lambda v, step: v * (step % 2),
    "power": lambda v, step: v * 0.5 ** (step // 2),
    "cosine": lambda v, step: v * ops.cos(0.1 * step),
    "minimum": lambda v, step: ops.minimum(v, v * (step + 1)),
    "table": lambda v, step: v * ops.take(ops.arange(10.0), step),
    "where": lambda v, step: ops.where(step < 2, v, 0.1 * v),
    "constant": lambda v, step: v,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_arithmetic_on_the_step(name):
    formula = FORMULAS[name]
    x, y = models.data()
    model = models.compiled(models.sequential(), keras.optimizers.SGD(0.0))
    right = models.fit(model, x, y, [regkit.L2(1.0)], epochs=1).history["l2_penalty"][0]
    steps = range(3, 6)  # of the second fit
    expected = np.mean([float(ops.convert_to_numpy(formula(0.3, one))) for one in steps])
    found = models.fit(model, x, y, [regkit.L2(Own(0.3, formula))], epochs=1).history["l2_penalty"]
    assert found[0] == pytest.approx(expected * right, rel=1e-5, abs=1e-7)


def test_two_schedules_of_one_class_are_not_taken_for_each_other():
    """On the same compiled model: what a schedule of the user's does, nothing tells but itself."""
    x, y = models.data()
    model = models.compiled(models.sequential(), keras.optimizers.SGD(0.0))
    one, two = (
        models.fit(model, x, y, [regkit.L2(Own(v, FORMULAS["constant"]))], epochs=1).history
        for v in (0.1, 0.2)
    )
    assert two["l2_penalty"][0] == pytest.approx(2 * one["l2_penalty"][0], rel=1e-5)


def test_the_error_of_a_schedule_comes_through():
    def broken(value, step):
        raise KeyError("the schedule's own")

    with pytest.raises(KeyError, match="the schedule's own"):
        schedules.at(Own(1.0, broken), ops.array(1))
