"""Imputation, scaling and encoding: against their formulas, and fitted on training rows alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regkit.data import Column, DataError
from regkit.data.preprocessing import prepared

pytestmark = pytest.mark.backend_free

COLUMNS = [
    Column("a", missing=True),
    Column("b", ("x", "y", "z"), missing=True),
    Column("c"),
    Column("d", ("no", "yes")),
]


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    n = draw(st.integers(1, 12))
    number = st.floats(-1e3, 1e3, width=32)
    gaps = [number | st.just(np.nan), st.sampled_from([0, 1, 2, np.nan]), number, st.integers(0, 1)]
    return np.stack([draw(arrays(np.float32, n, elements=one)) for one in gaps], axis=1)


@given(tables(), tables(), tables())
def test_other_parts_do_not_touch_the_training_features(
    train: np.ndarray, test: np.ndarray, other: np.ndarray
) -> None:
    one, two = prepared(COLUMNS, train, test), prepared(COLUMNS, train, other)
    assert one[0].tobytes() == two[0].tobytes()
    assert prepared(COLUMNS, train, train)[1].tobytes() == one[0].tobytes()


@given(tables(), tables())
def test_every_split_has_the_same_inputs(train: np.ndarray, test: np.ndarray) -> None:
    for part in prepared(COLUMNS, train, test):
        assert part.shape[1] == 2 + 4 + 2  # two numbers; three categories and missing; two
        assert part.dtype == np.float32
        assert np.isfinite(part).all()
        assert (part[:, 2:6].sum(axis=1) == 1).all()
        assert (part[:, 6:].sum(axis=1) == 1).all()


def test_numbers_are_imputed_by_the_median_then_scaled() -> None:
    train = np.float32([[1], [2], [np.nan], [9]])
    made, other = prepared([Column("a", missing=True)], train, np.float32([[np.nan], [2]]))
    filled = np.array([1, 2, 2, 9.0])
    assert made[:, 0] == pytest.approx((filled - filled.mean()) / filled.std())
    assert other[:, 0].tolist() == [made[1, 0]] * 2


def test_missing_is_a_category_of_its_own() -> None:
    made = prepared([Column("b", ("x", "y"), missing=True)], np.float32([[1], [np.nan], [1]]))[0]
    assert made.tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("value", [7.0, 0.1, 1e30])
def test_a_constant_number_becomes_0(value: float) -> None:
    assert not prepared([], np.full((5, 2), value, np.float32))[0].any()


def test_extreme_numbers_stay_finite() -> None:
    made = prepared([], np.float32([[3e38], [-3e38]]))[0]
    assert made[:, 0] == pytest.approx([1, -1])
    assert np.isfinite(prepared([], np.float32([[0], [1e-30]]), np.float32([[1e30]]))[1]).all()


def test_a_column_without_values_in_training_is_0() -> None:
    made = prepared([Column("a", missing=True)], np.full((3, 1), np.nan, np.float32))[0]
    assert made.tolist() == [[0], [0], [0]]


def test_without_scikit_learn_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.compose", None)
    with pytest.raises(DataError, match=r"prepared with scikit-learn: pip install"):
        prepared([], np.zeros((5, 2), np.float32))
