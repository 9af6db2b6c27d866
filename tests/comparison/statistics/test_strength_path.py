"""The one-standard-error rule, against glmnet's written out step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.comparison.statistics.strength_path import one_standard_error
from regkit.core.errors import RegkitError

pytestmark = pytest.mark.backend_free


def as_glmnet(losses: list[list[float]], strengths: list[float]) -> tuple[float, float]:
    """`lambda.min` and `lambda.1se` as cv.glmnet has them (cvstats, getOptcv), folds of one size.

    cvm = mean, cvsd = sqrt(mean((raw − cvm)²) / (N − 1)); lambda.min = max(lambda[cvm <= min(cvm)]);
    lambda.1se = max(lambda[cvm <= (cvm + cvsd)[lambda.min]]).
    """
    columns, n = list(zip(*losses, strict=True)), len(losses)
    cvm = [math.fsum(column) / n for column in columns]
    cvsd = [
        math.sqrt(math.fsum((raw - mean) ** 2 for raw in column) / n / (n - 1))
        for column, mean in zip(columns, cvm, strict=True)
    ]
    best = max(s for s, mean in zip(strengths, cvm, strict=True) if mean <= min(cvm))
    at = strengths.index(best)
    limit = cvm[at] + cvsd[at]
    return best, max(s for s, mean in zip(strengths, cvm, strict=True) if mean <= limit)


@st.composite
def paths(draw: Any) -> tuple[list[list[float]], list[float]]:
    """Measures in eighths and powers of two of repeats: their means and ties are exact."""
    n, s = draw(st.sampled_from([2, 4, 8])), draw(st.integers(1, 6))
    cells = st.integers(0, 16).map(lambda value: value / 8)
    rows = st.lists(st.lists(cells, min_size=s, max_size=s), min_size=n, max_size=n)
    strengths = st.lists(st.floats(0, 10), min_size=s, max_size=s, unique=True)
    return draw(rows), draw(strengths)


@given(paths())
def test_it_is_glmnets(path: Any) -> None:
    losses, strengths = path
    found = one_standard_error(losses, strengths, sign=-1)
    best, chosen = as_glmnet(losses, strengths)
    assert strengths[found.best] == best
    near = np.abs(found.mean - found.limit) < 1e-12  # rounding may decide there
    if not near.any():
        assert strengths[found.chosen] == chosen


@given(paths())
def test_more_is_better_is_the_same_turned_round(path: Any) -> None:
    losses, strengths = path
    less = one_standard_error(losses, strengths, sign=-1)
    more = one_standard_error(-np.array(losses), strengths)
    assert (more.best, more.chosen, more.limit) == (less.best, less.chosen, -less.limit)
    assert more.strengths[more.chosen] >= more.strengths[more.best]


@given(paths(), st.randoms())
def test_the_order_of_the_strengths_does_not_matter(path: Any, random: Any) -> None:
    losses, strengths = path
    order = random.sample(range(len(strengths)), len(strengths))
    one = one_standard_error(losses, strengths)
    other = one_standard_error(np.array(losses)[:, order], np.array(strengths)[order])
    assert one.strengths[one.chosen] == other.strengths[other.chosen]


def test_the_strongest_within_the_error_is_chosen_beyond_one_that_is_not() -> None:
    """As glmnet: a worse strength between the best and another good one does not stop it."""
    losses = [[0.9, 2.0, 1.0, 5.0], [1.1, 2.0, 1.0, 5.0]]
    path = one_standard_error(losses, [0.0, 0.1, 0.2, 0.3], sign=-1)
    assert (path.best, path.chosen) == (2, 2)  # equal means: the strongest is the best
    losses = [[0.8, 2.0, 1.1, 5.0], [1.0, 2.0, 0.9, 5.0]]
    path = one_standard_error(losses, [0.0, 0.1, 0.2, 0.3], sign=-1)
    assert (path.best, path.chosen, path.limit) == (0, 2, pytest.approx(1.0))
    assert path.standard_error[0] == pytest.approx(0.1)


def test_equal_repeats_leave_the_best_itself() -> None:
    path = one_standard_error([[0.3, 0.9, 0.8]] * 3, [0.0, 1.0, 2.0])
    assert (path.best, path.chosen, path.limit) == (1, 1, pytest.approx(0.9))
    assert path.standard_error == pytest.approx([0, 0, 0], abs=1e-15)


def test_a_strength_that_diverged_is_left_out() -> None:
    path = one_standard_error([[1.0, 2.0, np.nan], [1.0, 2.0, 0.0]], [0, 1, 2], sign=-1)
    assert (path.best, path.chosen) == (0, 0)
    assert np.isnan(path.mean).tolist() == [False, False, True]
    with pytest.raises(RegkitError, match="no strength has a finite measure in all repeats"):
        one_standard_error([[1.0, np.inf], [np.nan, 1.0]], [0, 1])


@pytest.mark.parametrize(
    ("measured", "strengths", "said"),
    [
        ([1.0, 2.0], [1, 2], r"a table \(repeats, strengths\).*shape \(2,\)"),
        ([[1.0, 2.0], [1.0, 2.0]], [1, 2, 3], r"\(2, 2\) for strengths of shape \(3,\)"),
        (np.zeros((2, 0)), [], r"\(2, 0\)"),
        ([[1.0, 2.0]], [1, 2], "at least 2 repeats; received 1"),
        ([[1.0, 2.0]] * 2, [1, 1], r"each once; received \[1.0, 1.0\]"),
        ([[1.0, 2.0]] * 2, [1, np.inf], "strengths are finite"),
    ],
)
def test_what_is_no_path_is_refused(measured: Any, strengths: Any, said: str) -> None:
    with pytest.raises(RegkitError, match=said):
        one_standard_error(measured, strengths)
