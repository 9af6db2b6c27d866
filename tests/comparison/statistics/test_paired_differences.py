"""The statistics against hand computations and published values.

How often they err is in `test_error_rates.py`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regkit.comparison.statistics.paired_differences import (
    Difference,
    Practical,
    detectable,
    difference,
    equivalence_p,
    holm,
    practical,
    verdict,
)

pytestmark = pytest.mark.backend_free

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


def student_2(t: float) -> float:
    """Return the distribution function of Student's t with 2 degrees of freedom, in closed form."""
    return 0.5 + t / (2 * math.sqrt(2 + t * t))


def test_practical_by_hand() -> None:
    # mean 2, s² = 1, n = 3, overlap 1/4: the posterior is 2 + √(7/12) · t with 2 degrees
    found = practical(difference([1.0, 2.0, 3.0], overlap=0.25), margin=0.5)
    error = math.sqrt(7 / 12)
    assert found.worse == pytest.approx(student_2(-2.5 / error))
    assert found.better == pytest.approx(student_2(1.5 / error))
    assert found.equivalent == pytest.approx(1 - found.worse - found.better)


def test_practical_as_in_baycomp() -> None:
    baycomp = pytest.importorskip("baycomp")
    random = np.random.default_rng(3)
    x, y = random.normal(80, 1, 50), random.normal(80.3, 1, 50)  # five times in ten folds
    theirs = baycomp.CorrelatedTTest.probs(x, y, rope=0.5, runs=5)
    found = practical(difference(y - x, overlap=1 / 9), margin=0.5)
    # its order is: the first is better, neither is, the second is
    assert (found.worse, found.equivalent, found.better) == pytest.approx(theirs)


def test_practical_without_error_and_without_knowledge() -> None:
    for mean, expected in ((0.6, (0, 0, 1)), (0.5, (0, 1, 0)), (-0.6, (1, 0, 0))):
        assert practical(difference([mean] * 3, 0.0), margin=0.5) == Practical(*expected)
    assert practical(difference([0.0], 0.0), margin=0.5) == Practical(0.5, 0.0, 0.5)


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
def test_impossible_margins_are_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        practical(difference([1.0, 2.0], 0.0), margin)


@given(st.floats(-5, 5), st.floats(1e-3, 10), st.integers(2, 30), st.floats(0, 3))
def test_practical_is_symmetric_and_a_distribution(
    mean: float, error: float, n: int, margin: float
) -> None:
    def of(sign: int) -> Practical:
        return practical(Difference(sign * mean, 0, 0, error, 0, 0, n), margin)

    found, turned = of(1), of(-1)
    assert (found.worse, found.better) == pytest.approx((turned.better, turned.worse))
    assert found.worse + found.equivalent + found.better == pytest.approx(1)
    assert min(found.worse, found.equivalent, found.better) >= 0


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


@pytest.mark.parametrize(("n", "effect"), [(2, 11.55), (5, 1.68), (10, 1.00), (20, 0.66)])
def test_detectable_effect_of_a_paired_t_test(n: int, effect: float) -> None:
    assert detectable(n, overlap=0.0) == pytest.approx(effect, abs=0.01)
