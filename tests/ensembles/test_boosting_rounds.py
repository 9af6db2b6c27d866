"""The mathematics of AdaBoost's rounds: formulas in loops, and scikit-learn's with the same errors."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor

from regkit.ensembles.boosting_rounds import r2_round, samme_round

pytestmark = pytest.mark.backend_free
LOSSES = ["linear", "square", "exponential"]


def weights_of(random, examples):
    return random.dirichlet(np.ones(examples))


# -- SAMME -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("rate", [1.0, 0.3])
def test_a_round_of_samme_is_that_of_a_loop(classes, rate):
    random = np.random.default_rng(0)
    weights, missed = weights_of(random, 9), random.random(9) < 0.3
    error = sum(w for w, wrong in zip(weights, missed, strict=True) if wrong)
    importance = rate * (np.log((1 - error) / error) + np.log(classes - 1))
    grown = [
        w * np.exp(importance) if wrong else w for w, wrong in zip(weights, missed, strict=True)
    ]
    found = samme_round(weights, missed, classes, rate)
    assert 0 < error < 0.5
    assert found.counts
    np.testing.assert_allclose([found.error, found.importance], [error, importance])
    np.testing.assert_allclose(found.weights, np.array(grown) / sum(grown))


def told(kind, answers):
    """An estimator of scikit-learn's whose n-th fit learns the n-th answer; and the weights seen."""
    weights = []

    class Told(kind, BaseEstimator):
        def fit(self, X, y, sample_weight=None):
            self.classes_ = np.unique(y)
            self.number = len(weights)
            weights.append(sample_weight)
            return self

        def predict(self, X):
            return answers[self.number]

    return Told(), weights


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("rate", [1.0, 0.4])
def test_rounds_of_samme_are_scikit_learns(classes, rate):
    random, rounds = np.random.default_rng(1), 8
    y = np.arange(40) % classes
    answers = [np.where(random.random(40) < 0.2, (y + 1) % classes, y) for _ in range(rounds)]
    begin = weights_of(random, 40)
    estimator, seen = told(ClassifierMixin, answers)
    theirs = AdaBoostClassifier(estimator, n_estimators=rounds, learning_rate=rate)
    theirs.fit(np.zeros((40, 1)), y, begin)
    weights = begin
    for number, answer in enumerate(answers):
        np.testing.assert_allclose(weights, seen[number] / seen[number].sum())
        found = samme_round(weights, answer != y, classes, rate)
        if not found.counts:
            break
        np.testing.assert_allclose(found.error, theirs.estimator_errors_[number])
        np.testing.assert_allclose(found.importance, theirs.estimator_weights_[number])
        weights = found.weights
    assert len(theirs.estimators_) == number + found.counts >= 4


SHARES = st.lists(st.floats(0.01, 1), min_size=4, max_size=12)


@st.composite
def missed_examples(draw):
    weights = np.array(draw(SHARES))
    missed = np.array(draw(st.lists(st.booleans(), min_size=len(weights), max_size=len(weights))))
    return weights / weights.sum(), missed


@given(missed_examples(), st.integers(2, 6), st.floats(0.05, 2))
def test_missed_examples_grow_and_weights_sum_to_one(drawn, classes, rate):
    weights, missed = drawn
    assume(0 < weights[missed].sum() < 0.98 * (1 - 1 / classes))
    found = samme_round(weights, missed, classes, rate)
    np.testing.assert_allclose(found.weights.sum(), 1)
    assert found.importance > 0
    assert (found.weights[missed] > weights[missed]).all()
    assert (found.weights[~missed] < weights[~missed]).all()


@given(missed_examples(), st.integers(2, 6))
def test_on_the_next_weights_the_same_member_is_no_better_than_chance(drawn, classes):
    weights, missed = drawn
    assume(0 < weights[missed].sum() < 1 - 1 / classes)
    found = samme_round(weights, missed, classes)
    np.testing.assert_allclose(found.weights[missed].sum(), 1 - 1 / classes)


@given(missed_examples(), st.integers(2, 6), st.data())
def test_who_misses_more_counts_less(drawn, classes, data):
    weights, missed = drawn
    assume(0 < weights[missed].sum() < 1 - 1 / classes)
    more = missed.copy()
    more[data.draw(st.sampled_from(np.flatnonzero(~missed).tolist()))] = True
    worse = samme_round(weights, more, classes)
    assert worse.error > samme_round(weights, missed, classes).error
    assert worse.importance < samme_round(weights, missed, classes).importance


@pytest.mark.parametrize("classes", [2, 4])
def test_samme_ends_without_error_and_from_chance_on(classes):
    weights, order = np.full(8, 1 / 8), np.arange(8)
    at_chance = 8 - 8 // classes
    perfect = samme_round(weights, order < 0, classes)
    assert (perfect.error, perfect.importance, perfect.weights) == (0, 1, None)
    assert perfect.counts
    for wrong in (at_chance, 8):
        found = samme_round(weights, order < wrong, classes)
        assert (found.error, found.importance, found.weights) == (wrong / 8, 0, None)
        assert not found.counts
    assert samme_round(weights, order < at_chance - 1, classes).counts


def test_what_has_no_weight_is_no_error_and_stays_without():
    weights, missed = (
        np.array([0.0, 0.0, 0.5, 0.3, 0.2]),
        np.array([True, False, False, True, False]),
    )
    found = samme_round(weights, missed, 3)
    few = samme_round(weights[2:], missed[2:], 3)
    assert (found.error, found.importance) == (few.error, few.importance)
    np.testing.assert_array_equal(found.weights, [0, 0, *few.weights])
    assert samme_round(weights, np.array([True, True, False, False, False]), 3).error == 0


# -- R2 --------------------------------------------------------------------------------------------


def loss_of(error, most, loss):
    share = error / most
    return {"linear": share, "square": share * share, "exponential": 1 - np.exp(-share)}[loss]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rate", [1.0, 0.3])
def test_a_round_of_r2_is_that_of_a_loop(loss, rate):
    random = np.random.default_rng(0)
    weights, errors = weights_of(random, 9), random.exponential(size=9) ** 2
    each = [loss_of(error, max(errors), loss) for error in errors]
    mean = sum(w * own for w, own in zip(weights, each, strict=True))
    beta = mean / (1 - mean)
    grown = [w * beta ** (rate * (1 - own)) for w, own in zip(weights, each, strict=True)]
    found = r2_round(weights, errors, loss, rate)
    assert 0 < mean < 0.5
    assert found.counts
    np.testing.assert_allclose([found.error, found.importance], [mean, rate * np.log(1 / beta)])
    np.testing.assert_allclose(found.weights, np.array(grown) / sum(grown))


class Chances(np.random.RandomState):
    """A generator that notes the probabilities with which it draws."""

    def __init__(self):
        super().__init__(0)
        self.seen = []

    def choice(self, a, size=None, replace=True, p=None):
        self.seen.append(p.copy())
        return super().choice(a, size, replace, p)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rate", [1.0, 0.4])
def test_rounds_of_r2_are_scikit_learns(loss, rate):
    random, rounds = np.random.default_rng(1), 8
    y = random.normal(size=40)
    answers = [y + random.normal(size=40) ** 3 for _ in range(rounds)]
    weights, chances = weights_of(random, 40), Chances()
    estimator, _ = told(RegressorMixin, answers)
    theirs = AdaBoostRegressor(
        estimator, n_estimators=rounds, learning_rate=rate, loss=loss, random_state=chances
    ).fit(np.zeros((40, 1)), y, weights)
    for number, answer in enumerate(answers):
        np.testing.assert_allclose(weights, chances.seen[number])
        found = r2_round(weights, np.abs(answer - y), loss, rate)
        np.testing.assert_allclose(found.error, theirs.estimator_errors_[number])
        np.testing.assert_allclose(found.importance, theirs.estimator_weights_[number])
        weights = found.weights
    assert len(chances.seen) == rounds


@st.composite
def errors_of_examples(draw):
    weights = np.array(draw(SHARES))
    errors = draw(st.lists(st.floats(0, 10), min_size=len(weights), max_size=len(weights)))
    return weights / weights.sum(), np.array(errors)


@given(errors_of_examples(), st.sampled_from(LOSSES), st.floats(0.05, 2))
def test_the_larger_the_error_the_more_a_weight_grows(drawn, loss, rate):
    weights, errors = drawn
    assume(errors.max() > 1e-3)
    found = r2_round(weights, errors, loss, rate)
    assume(found.counts and found.weights is not None)
    np.testing.assert_allclose(found.weights.sum(), 1)
    growth = (found.weights / weights)[np.argsort(errors)]
    assert (growth[1:] >= growth[:-1] * (1 - 1e-9)).all()
    assert found.importance > 0
    assert growth[-1] >= 1 - 1e-9 >= growth[0] - 2e-9


@given(errors_of_examples(), st.sampled_from(LOSSES), st.floats(0.1, 1000))
def test_the_unit_of_the_errors_does_not_matter(drawn, loss, unit):
    weights, errors = drawn
    assume(errors.max() > 1e-3)
    one, other = (r2_round(weights, scale * errors, loss) for scale in (1.0, unit))
    np.testing.assert_allclose(one.error, other.error)
    assume(abs(one.error - 0.5) > 1e-9)
    np.testing.assert_allclose(one.importance, other.importance)


@given(missed_examples(), st.sampled_from(["linear", "square"]))
def test_errors_of_zero_and_one_are_missed_examples_of_two_classes(drawn, loss):
    weights, missed = drawn
    assume(0 < weights[missed].sum() < 0.49)
    found, classes = r2_round(weights, missed.astype(float), loss), samme_round(weights, missed, 2)
    np.testing.assert_allclose([found.error, found.importance], [classes.error, classes.importance])
    np.testing.assert_allclose(found.weights, classes.weights)


@pytest.mark.parametrize("loss", LOSSES)
def test_r2_ends_without_error_and_from_one_half_on(loss):
    weights = np.full(4, 0.25)
    perfect = r2_round(weights, np.zeros(4), loss)
    assert (perfect.error, perfect.importance, perfect.weights) == (0, 1, None)
    assert perfect.counts
    worst = r2_round(weights, np.ones(4), loss)
    assert (worst.importance, worst.weights, worst.counts) == (0, None, False)
    assert worst.error == pytest.approx(loss_of(1, 1, loss))


def test_r2_ends_at_one_half_exactly():
    half = r2_round(np.full(4, 0.25), np.array([0.0, 1.0, 0.0, 1.0]))
    assert (half.error, half.counts) == (0.5, False)
    assert r2_round(np.full(4, 0.25), np.array([0.0, 1.0, 0.0, 0.99])).counts


def test_the_largest_error_is_that_of_examples_with_weight():
    found = r2_round(np.array([0.0, 0.5, 0.25, 0.25]), np.array([3.0, 0.0, 0.5, 1.0]))
    few = r2_round(np.array([0.5, 0.25, 0.25]), np.array([0.0, 0.5, 1.0]))
    assert (found.error, found.importance) == (few.error, few.importance)
    np.testing.assert_allclose(found.weights, [0, *few.weights])
