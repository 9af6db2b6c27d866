"""The criteria of early stopping against simulations of a few lines, without Keras' loop."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.core.decisions.running_loss import RunningLoss
from regkit.core.errors import OptionError
from regkit.techniques.early_stopping.criteria import (
    Course,
    Criterion,
    Evaluation,
    generalization_loss,
    improves,
    training_progress,
)

pytestmark = pytest.mark.backend_free

CURVES = st.lists(st.integers(1, 12).map(lambda n: n / 8), min_size=1, max_size=25)


def stops(criterion, errors, losses=None, mode="min", min_delta=0.0):
    """Return after which evaluation (from 0, or None) a criterion stops, and the best until then."""
    course = Course(("val_loss",), (mode,), min_delta)
    losses = losses or [None] * len(errors)
    for t, (error, loss) in enumerate(zip(errors, losses, strict=True)):
        course.add(Evaluation(t, t, (error,), loss))
        if criterion.reason(course):
            return t, course.best.step
    return None, course.best.step


@given(CURVES, st.integers(0, 4), st.sampled_from([0.0, 0.25]), st.sampled_from(["min", "max"]))
def test_patience_counts_evaluations_since_the_best(curve, patience, min_delta, mode):
    sign = 1 if mode == "min" else -1
    best, expected = 0, None
    for t, value in enumerate(curve):
        if t and sign * value < sign * curve[best] - min_delta:
            best = t
        if t - best >= max(1, patience):
            expected = t
            break
    found = stops(Criterion("patience", patience), curve, mode=mode, min_delta=min_delta)
    assert found == (expected, best)


@given(CURVES, st.integers(1, 4), st.sampled_from(["min", "max"]))
def test_up_counts_successive_increases(curve, patience, mode):
    sign = 1 if mode == "min" else -1
    rises = np.diff(sign * np.array(curve)) > 0
    expected = next((t for t in range(patience, len(curve)) if rises[t - patience : t].all()), None)
    seen = curve[: len(curve) if expected is None else expected + 1]
    found = stops(Criterion("up", patience), curve, mode=mode)
    assert found == (expected, int(np.argmin(sign * np.array(seen))))


@given(CURVES, st.sampled_from([0.0, 10.0, 50.0]))
def test_gl_is_the_rise_above_the_minimum_in_percent(curve, alpha):
    rise = 100 * (np.array(curve) / np.minimum.accumulate(curve) - 1)
    expected = next((t for t, one in enumerate(rise) if one > alpha), None)
    assert stops(Criterion("gl", alpha=alpha), curve)[0] == expected


@given(st.data(), st.sampled_from([0.1, 0.5, 2.0]), st.integers(1, 5))
def test_pq_is_decided_at_the_end_of_each_strip(data, alpha, strip):
    curve = data.draw(CURVES)
    numbers = st.integers(1, 12).map(lambda n: n / 8)
    losses = data.draw(st.lists(numbers, min_size=len(curve), max_size=len(curve)))
    expected = None
    for t in range(strip - 1, len(curve), strip):
        rise = 100 * (curve[t] / min(curve[: t + 1]) - 1)
        part = np.array(losses[t + 1 - strip : t + 1])
        progress = 1000 * (part.mean() / part.min() - 1)
        if rise > alpha * progress and not math.isclose(rise, alpha * progress):
            expected = t
            break
        if math.isclose(rise, alpha * progress) and rise > 0:
            return  # either side of the threshold, by rounding
    assert stops(Criterion("pq", alpha=alpha, strip=strip), curve, losses)[0] == expected


def test_a_curve_by_hand():
    """Prechelt's point: the slower criterion waits for the second minimum."""
    curve = [1.0, 0.8, 0.7, 0.72, 0.71, 0.6, 0.66, 0.67, 0.68]
    assert stops(Criterion("patience", 2), curve) == (4, 2)
    assert stops(Criterion("patience", 3), curve) == (8, 5)
    assert stops(Criterion("up", 1), curve) == (3, 2)
    assert stops(Criterion("up", 3), curve) == (8, 5)
    assert stops(Criterion("gl", alpha=2.0), curve) == (3, 2)  # 0.72/0.7: 2.9 %
    assert stops(Criterion("gl", alpha=5.0), curve) == (6, 5)  # 0.66/0.6: 10 %
    losses = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.499, 0.498, 0.497]
    assert stops(Criterion("pq", alpha=1.0, strip=3), curve, losses) == (8, 5)
    # the rise is 13.3 %, the progress 1000·(0.498/0.497 − 1) = 2.0 ‰


def test_a_nan_is_never_the_best_and_counts_as_worse():
    nan = math.nan
    assert stops(Criterion("patience", 2), [nan, 0.5, nan, nan]) == (3, 1)
    assert stops(Criterion("up", 2), [0.5, 0.4, nan, nan]) == (3, 1)
    assert stops(Criterion("gl"), [0.5, nan]) == (1, 0)
    course = Course(("loss",), ("min",))
    course.add(Evaluation(1, 0, (nan,)))
    assert course.best is None


def test_ratios_of_zero_and_of_negative_errors():
    assert generalization_loss(0.0, 0.0) == 0.0
    assert generalization_loss(0.1, 0.0) == math.inf
    assert training_progress([0.5, 0.5]) == 0.0
    assert training_progress([0.5, 0.0]) == math.inf
    standing_still = stops(Criterion("pq", strip=2), [0.5, 0.6], [1.0, 1.0])
    assert standing_still == (1, 0)
    with pytest.raises(OptionError, match="val_loss is -0.5"):
        stops(Criterion("gl"), [-0.5])
    with pytest.raises(OptionError, match="loss is -1"):
        stops(Criterion("pq", strip=1), [0.5], [-1.0])
    with pytest.raises(OptionError, match="these have no 'loss'"):
        stops(Criterion("pq", strip=1), [0.5], [None])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=12))
def test_later_monitors_break_ties(pairs):
    course = Course(("accuracy", "loss"), ("max", "min"))
    for t, values in enumerate(pairs):
        course.add(Evaluation(t, t, values))
    best = min(range(len(pairs)), key=lambda t: (-pairs[t][0], pairs[t][1], t))
    assert course.best.step == best


def test_min_delta_is_of_the_first_monitor():
    assert not improves([0.9, 0.1], [1.0, 0.5], ["min", "min"], 0.1)  # exactly min_delta: not more
    assert improves([0.875, 0.1], [1.0, 0.5], ["min", "min"], 0.1)
    assert improves([1.0, 0.49], [1.0, 0.5], ["min", "min"], 0.1)


@given(CURVES, st.integers(0, 4), st.sampled_from(["patience", "up", "gl"]))
def test_a_replayed_course_is_the_same(curve, patience, name):
    course = Course(("val_loss",), ("min",), 0.125)
    for t, value in enumerate(curve):
        course.add(Evaluation(t, t, (value,), value))
    again = Course.replayed(course.names, course.modes, course.min_delta, course.as_lists())
    assert again == course
    assert Criterion(name, patience).reason(again) == Criterion(name, patience).reason(course)


@given(st.lists(st.lists(st.floats(0, 4), min_size=1, max_size=6), min_size=1, max_size=4),
       st.integers(1, 5))  # fmt: skip
def test_the_training_loss_between_evaluations(epochs, every):
    """From running means of epochs, as Keras reports them, to means of the steps between."""
    running, since, done = RunningLoss(), [], 0
    for losses in epochs:
        for n, loss in enumerate(losses, 1):
            since.append(loss)
            done += 1
            if done % every == 0:
                running.see(float(np.mean(losses[:n])), n)
                assert running.take() == pytest.approx(np.mean(since), abs=1e-9)
                since = []
        running.see(float(np.mean(losses)), len(losses))
        running.end_epoch()
    assert running.take() == (pytest.approx(np.mean(since), abs=1e-9) if since else None)
