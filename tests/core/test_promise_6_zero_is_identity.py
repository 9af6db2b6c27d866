"""Promise 6: zero strength is identity; schedules through zero are finite; options are checked.

Each built-in by itself is in tests/testing.
"""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import regkit
from regkit.core.errors import OptionError
from tests import models
from tests.registered import LOOKING_ON, scheduled


@pytest.mark.parametrize("name", LOOKING_ON)
def test_looking_on_is_a_plain_fit_bit_for_bit(name):
    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    ours = models.fit(model, x, y, [LOOKING_ON[name]()]).history
    assert ours == models.fit(plain, x, y).history
    models.same(models.values(model), models.values(plain))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_a_schedule_through_zero_is_finite_and_zero_is_identity(policy):
    keras.config.set_dtype_policy(policy)
    x, y = models.data()
    zero = keras.optimizers.schedules.PiecewiseConstantDecay([2, 5], [0.3, 0.0, 0.3])
    model = models.compiled(models.sequential())
    history = models.fit(model, x, y, list(scheduled(zero).values()), epochs=3)
    assert all(np.isfinite(v) for series in history.history.values() for v in series)
    assert all(np.isfinite(v).all() for v in models.values(model))


def test_a_schedule_takes_effect_step_by_step_without_retracing():
    traced = []

    class Noted(regkit.Technique):
        def penalty(self, context):
            traced.append(1)
            return context.value(schedule) * keras.ops.ones(())

    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [1.0, 10.0])
    x, y = models.data()
    model = models.compiled(models.sequential())
    history = models.fit(model, x, y, [Noted()], epochs=2).history
    np.testing.assert_allclose(history["noted_penalty"], [1.0, 10.0])
    if keras.backend.backend() != "torch":
        assert len(traced) <= 2  # TensorFlow traces once more where shapes relax


def test_an_unknown_keyword_gets_the_list_of_options():
    with pytest.raises(OptionError, match="Its options: strength, layers, weights"):
        regkit.L2(zzzz=1)


def test_too_many_positional_arguments():
    with pytest.raises(OptionError, match=r"L2\(strength=0.0001"):
        regkit.L2(1, 2, 3)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_float_is_either_taken_as_it_is_or_refused(value):
    allowed = math.isfinite(value) and 0 <= value < 1
    if allowed:
        assert regkit.Dropout(value).rate == value
    else:
        with pytest.raises(OptionError):
            regkit.Dropout(value)


@given(st.integers(-10, 10) | st.booleans() | st.text(max_size=3) | st.none())
def test_any_strength_of_another_type(value):
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        assert regkit.L2(value).strength == value
    else:
        with pytest.raises(OptionError):
            regkit.L2(value)


def test_numpy_numbers_are_numbers():
    technique = regkit.L2(np.float32(0.5))
    assert technique.strength == 0.5
    assert type(technique.strength) is float
