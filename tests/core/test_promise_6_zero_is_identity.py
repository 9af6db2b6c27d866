"""Promise 6: zero strength is identity; schedules through zero are finite; options are checked."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import regkit
from regkit.core import options, registry
from regkit.core.errors import OptionError
from tests import models
from tests.registered import EFFECTIVE, LOOKING_ON, NEUTRAL, scheduled


@pytest.mark.parametrize("name", NEUTRAL)
def test_strength_zero_is_a_plain_fit_bit_for_bit(name):
    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    ours = models.fit(model, x, y, [NEUTRAL[name]()]).history
    theirs = models.fit(plain, x, y).history
    assert ours == theirs
    models.same(models.values(model), models.values(plain))


@pytest.mark.parametrize("name", NEUTRAL)
def test_strength_zero_beside_others_changes_nothing(name):
    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    others = lambda: [regkit.GaussianNoise(0.1, seed=1), regkit.Dropout(0.2, seed=2)]  # noqa: E731
    models.fit(model, x, y, [NEUTRAL[name](), *others()])
    models.fit(plain, x, y, others())
    models.same(models.values(model), models.values(plain))


@pytest.mark.parametrize("name", EFFECTIVE)
def test_a_technique_without_a_neutral_value_says_so(name):
    technique = EFFECTIVE[name]()
    kinds = options.constraints(type(technique)).values()
    assert any(kind.neutral is not None for kind in kinds) == (name in NEUTRAL)
    if name not in NEUTRAL:
        assert "no neutral value" in " ".join(type(technique).__doc__.split())
        assert not technique.is_neutral()


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


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_schedule_that_is_zero_equals_a_plain_fit(name):
    x, y = models.data()
    never = keras.optimizers.schedules.PiecewiseConstantDecay([1000], [0.0, 0.0])
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    models.fit(model, x, y, [scheduled(never)[name]])
    models.fit(plain, x, y)
    models.same(models.values(model), models.values(plain), 1e-6)


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_constant_schedule_equals_the_number(name):
    x, y = models.data()
    steady = keras.optimizers.schedules.PiecewiseConstantDecay([1000], [0.25, 0.25])
    by_schedule, by_number = scheduled(steady)[name], scheduled(0.25)[name]
    model, other = models.compiled(models.sequential()), models.compiled(models.sequential())
    models.fit(model, x, y, [by_schedule])
    models.fit(other, x, y, [by_number])
    models.same(models.values(model), models.values(other), 1e-6)


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


CLASSES = [
    registry.load(entry.id)
    for entry in registry.entries()
    if entry.distribution == registry.BUILTIN
]
BAD = [
    (cls, name, value)
    for cls in CLASSES
    for name, constraint in options.constraints(cls).items()
    for value in constraint.bad_values()
]


@pytest.mark.parametrize(
    ("cls", "name", "value"), BAD, ids=lambda v: getattr(v, "__name__", None) or repr(v)[:20]
)
def test_an_impossible_option_is_refused_by_name(cls, name, value):
    with pytest.raises(OptionError) as caught:
        cls(**{name: value})
    message = str(caught.value)
    assert f"{cls.__name__}: {name} must be {options.constraints(cls)[name].describe()}" in message
    assert f"received {name}={value!r}" in message


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_misspelt_keyword_gets_the_nearest_spelling(cls):
    right = next(iter(options.constraints(cls)))
    wrong = right[:-1]
    with pytest.raises(OptionError, match=rf"no option '{wrong}'; did you mean '{right}'\?"):
        cls(**{wrong: 0.1})
    with pytest.raises(OptionError, match="Its options: "):
        cls(zzzz=1)


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
