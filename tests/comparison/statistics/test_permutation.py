"""The sign-flip test against enumeration by hand and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regkit.comparison.statistics.permutation import sign_flip

pytestmark = pytest.mark.backend_free

values = st.lists(st.floats(-50, 50, allow_nan=False).map(lambda v: round(v, 3)), max_size=9)


@given(values.filter(bool))
def test_it_is_the_share_of_signs_that_reach_the_mean(d: list[float]) -> None:
    signs = np.array(list(itertools.product([-1, 1], repeat=len(d))))
    sums = np.abs(signs @ np.array(d))
    assert sign_flip(d) == pytest.approx((sums >= abs(sum(d)) - 1e-9).mean())


def test_of_ranks_it_is_wilcoxons_exact_test() -> None:
    d = np.random.default_rng(0).normal(0.5, 1, 16)
    ranks = np.sign(d) * stats.rankdata(np.abs(d))
    assert sign_flip(ranks) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


def test_many_pairs_are_estimated_and_never_zero() -> None:
    d = np.random.default_rng(1).normal(0.25, 1, 40)
    p = sign_flip(d)
    assert p == sign_flip(d), "the seed is fixed"
    # For many pairs the t test agrees; the estimate's standard error is √(p(1−p)/100,000).
    assert p == pytest.approx(stats.ttest_1samp(d, 0.0).pvalue, abs=0.01)
    assert 0 < sign_flip(np.linspace(1, 2, 40)) == pytest.approx(2 / 100_001)


def test_edges() -> None:
    assert sign_flip([3.0]) == 1.0
    assert sign_flip([0.0, 0.0, 0.0]) == 1.0
    assert sign_flip([1.0] * 5) == 2 / 2**5
    assert sign_flip([1.0] * 16) == 2 / 2**16


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [1.0, np.inf], [[1.0], [2.0]]])
def test_impossible_values_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        sign_flip(bad)
