"""The statistics against hand computations, published values, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regkit.comparison import statistics
from regkit.comparison.statistics import detectable, difference, equivalence_p, holm, verdict

finite = st.floats(-50, 50, allow_nan=False).map(lambda v: round(v, 3))


def test_without_overlap_it_is_the_paired_t_test() -> None:
    values = np.array([1.2, 0.3, -0.4, 0.9, 1.1, 0.2])
    found = difference(values, overlap=0.0)
    expected = stats.ttest_1samp(values, 0.0)
    low, high = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_corrected_t_as_in_scikit_learn() -> None:
    """The functions of scikit-learn's example "statistical comparison of models", written out."""
    differences = np.random.default_rng(0).normal(0.01, 0.02, 100)
    n_train, n_test = 90, 10
    corrected_std = math.sqrt(np.var(differences, ddof=1) * (1 / 100 + n_test / n_train))
    t = np.mean(differences) / corrected_std
    found = difference(differences, overlap=n_test / n_train)
    assert found.mean / found.error == pytest.approx(t)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 99))
    posterior = stats.t(99, loc=np.mean(differences), scale=corrected_std)
    assert found.p_positive == pytest.approx(1 - posterior.cdf(0))
    assert (found.low, found.high) == pytest.approx(posterior.interval(0.95))


def test_corrected_t_by_hand() -> None:
    # mean 2, s² = 2.5, n = 5, overlap 1/4: variance 2.5 · (0.2 + 0.25) = 1.125
    found = difference([0.0, 1.0, 2.0, 3.0, 4.0], overlap=0.25)
    assert found.error == pytest.approx(math.sqrt(1.125))
    t2 = 4 / 1.125  # the distribution with 4 degrees of freedom has a closed form
    half = 3 / 8 * math.sqrt(t2 / (1 + t2 / 4)) * (1 - t2 / (1 + t2 / 4) / 12)
    assert found.p == pytest.approx(1 - 2 * half)


def test_one_pair_says_nothing() -> None:
    found = difference([3.0], overlap=0.2)
    assert (found.low, found.high, found.p) == (-math.inf, math.inf, 1.0)
    assert equivalence_p(found, 0.5) == 1.0


def test_agreement_of_a_few_coarse_values_is_no_certainty() -> None:
    found = difference([-0.28, -0.28], overlap=0.25, resolution=0.28)
    assert found.low < 0 < found.high
    assert equivalence_p(difference([0.0, 0.0], 0.25, resolution=0.28), 0.5) > 0.05
    assert equivalence_p(difference([0.0] * 10, 0.25, resolution=0.28), 0.5) < 0.05


def test_identical_arms_have_no_difference() -> None:
    found = difference([0.0, 0.0, 0.0], overlap=0.25)
    assert (found.low, found.high, found.p) == (0.0, 0.0, 1.0)
    assert equivalence_p(found, 0.5) == 0.0


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [[1.0], [2.0]]])
def test_impossible_values_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        difference(values, overlap=0.1)


@given(st.lists(finite, min_size=2, max_size=30), st.floats(0, 2), finite)
def test_interval_contains_the_mean_and_moves_with_it(
    values: list[float], overlap: float, shift: float
) -> None:
    found = difference(values, overlap)
    moved = difference([value + shift for value in values], overlap)
    assert found.low <= found.mean <= found.high
    assert moved.high - moved.low == pytest.approx(found.high - found.low, abs=1e-6)


@given(st.lists(finite, min_size=2, max_size=30), st.floats(0, 2))
def test_exchanging_the_arms_turns_the_sign(values: list[float], overlap: float) -> None:
    found = difference(values, overlap)
    turned = difference([-value for value in values], overlap)
    assert turned.p == pytest.approx(found.p)
    assert turned.p_positive == pytest.approx(1 - found.p_positive)


@given(st.lists(finite, min_size=3, max_size=30, unique=True))
def test_overlap_only_widens(values: list[float]) -> None:
    widths = [(d := difference(values, overlap)).high - d.low for overlap in (0.0, 0.1, 0.5)]
    assert widths == sorted(widths)


def test_holm_by_hand() -> None:
    # 0.005·4, 0.01·3, 0.03·2, 0.04·1 made monotone: 0.02, 0.03, 0.06, 0.06
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_between_uncorrected_and_bonferroni(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= np.asarray(p) - 1e-12).all()
    assert (adjusted <= np.minimum(np.asarray(p) * len(p), 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_equivalence_is_the_90_percent_interval_inside_the_margin() -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        values = random.normal(random.normal(0, 0.3), 0.3, 10)
        narrow = difference(values, 0.2, confidence=0.90)
        inside = narrow.low > -0.5 and narrow.high < 0.5
        assert (equivalence_p(narrow, 0.5) < 0.05) == inside


def test_verdicts() -> None:
    assert verdict(1.0, p_adjusted=0.01, p_equivalent=0.9) == "better"
    assert verdict(-1.0, p_adjusted=0.01, p_equivalent=0.9) == "worse"
    assert verdict(0.1, p_adjusted=0.01, p_equivalent=0.01) == "equivalent"
    assert verdict(1.0, p_adjusted=0.2, p_equivalent=0.9) == "cannot conclude"


@pytest.mark.parametrize(("n", "effect"), [(5, 1.68), (10, 1.00), (20, 0.66)])
def test_detectable_effect_of_a_paired_t_test(n: int, effect: float) -> None:
    assert detectable(n, overlap=0.0) == pytest.approx(effect, abs=0.01)


def test_detectable_effect_is_found_as_often_as_it_says() -> None:
    random, n = np.random.default_rng(2), 10
    values = random.normal(detectable(n, 0.0), 1.0, (4000, n))
    found = [difference(row, 0.0).p < 0.05 for row in values]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)


# -- simulation on equal arms: how often a difference is found that is not there ---------------


def equal_arms(runs: int, arms: int, splits: int, seed: int) -> np.ndarray:
    """Return differences (runs, arms, splits) of learners that are equally good on average.

    In each run a pool of 300 examples with exchangeable features is drawn. Each learner is a
    nearest-mean classifier on its own four features, so none is better; all see the same random
    splits of the pool, 80 % training and 20 % test, which overlap as real ones do.
    """
    random, size, n_test, width = np.random.default_rng(seed), 300, 60, 4
    found = np.empty((runs, arms, splits))
    for run in range(runs):
        y = random.integers(0, 2, size)
        x = random.normal(0, 1, (size, arms + 1, width)) + 0.5 * y[:, None, None]
        for split in range(splits):
            order = random.permutation(size)
            train, test = order[n_test:], order[:n_test]
            means = [x[train][y[train] == label].mean(axis=0) for label in (0, 1)]
            far = [((x[test] - mean) ** 2).sum(axis=2) for mean in means]
            right = ((far[1] < far[0]) == (y[test] == 1)[:, None]).mean(axis=0)
            found[run, :, split] = 100 * (right[1:] - right[0])
    return found


def false_claims(differences: np.ndarray, overlap: float) -> float:
    """Return the fraction of runs in which any arm is called different from the baseline."""
    claims = 0
    for run in differences:
        tested = [statistics.difference(row, overlap, resolution=100 / 60) for row in run]
        claims += bool((holm([one.p for one in tested]) < 0.05).any())
    return claims / len(differences)


def test_false_positives_on_equal_arms_stay_at_the_nominal_rate() -> None:
    runs = 1000
    differences = equal_arms(runs, arms=7, splits=10, seed=3)
    three_errors = 3 * math.sqrt(0.05 * 0.95 / runs)
    assert false_claims(differences, overlap=60 / 240) <= 0.05 + three_errors
    # The simulation has teeth: without the correction most runs make a false claim.
    assert false_claims(differences, overlap=0.0) > 0.3


def test_interval_of_one_equal_arm_covers_zero() -> None:
    differences = equal_arms(1000, arms=1, splits=10, seed=4)
    intervals = [difference(row[0], overlap=60 / 240) for row in differences]
    covered = np.mean([one.low <= 0 <= one.high for one in intervals])
    assert covered >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 1000)


def test_independent_repeats_are_exact_without_correction() -> None:
    """The fixed test set: differences are independent given it."""
    random = np.random.default_rng(5)
    p = [difference(random.normal(0, 1, 10), overlap=0.0).p for _ in range(4000)]
    assert np.mean(np.asarray(p) < 0.05) == pytest.approx(0.05, abs=0.011)


@pytest.mark.slow
def test_false_positives_in_many_runs() -> None:
    differences = equal_arms(10_000, arms=7, splits=10, seed=6)
    assert false_claims(differences, overlap=60 / 240) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 10_000)
