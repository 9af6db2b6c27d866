"""Calibration against scikit-learn, closed forms, and simulated predictions of known error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from regkit.comparison.statistics.calibration import (
    Bin,
    _squared_error,
    brier,
    calibration_error,
    equal_mass_bins,
)

pytestmark = pytest.mark.backend_free

RUNS = 400


def stated(confidence: np.ndarray) -> np.ndarray:
    """Return probabilities of two classes, the first the more probable one."""
    return np.stack([confidence, 1 - confidence], axis=1)


def squared_errors(n: int, accuracy_of, seed: int) -> np.ndarray:
    """Return estimates of the squared error where confidence c is right as often as accuracy_of(c)."""
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.6, 1.0, (RUNS, n))
    y = (random.random((RUNS, n)) >= accuracy_of(confidence)).astype(int)
    found = [equal_mass_bins(*pair) for pair in zip(y, map(stated, confidence), strict=True)]
    return np.array([_squared_error(bins) for bins in found])


def is_mean(estimates: np.ndarray, expected: float) -> bool:
    standard_error = estimates.std(ddof=1) / math.sqrt(len(estimates))
    return abs(estimates.mean() - expected) <= 3 * standard_error


# -- Brier -------------------------------------------------------------------------------------


def test_brier_is_twice_scikit_learns_of_two_classes() -> None:
    random = np.random.default_rng(0)
    y, positive = random.integers(0, 2, 200), random.random(200)
    p = np.stack([1 - positive, positive], axis=1)
    assert brier(y, p) == pytest.approx(2 * brier_score_loss(y, positive))


def test_brier_of_several_classes() -> None:
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    # (0.5² + 0.3² + 0.2²) and (0.1² + 0.9² + 0.8²), halved
    assert brier(np.array([0, 1]), p) == pytest.approx((0.38 + 1.46) / 2)
    assert brier(np.array([2, 0]), np.eye(3)[[2, 0]]) == 0.0
    assert brier(np.array([1, 2]), np.eye(3)[[2, 0]]) == 2.0


# -- bins --------------------------------------------------------------------------------------


def test_bins_have_equal_mass() -> None:
    confidence = np.random.default_rng(1).uniform(0.5, 1, 1000)
    bins = equal_mass_bins(np.zeros(1000, int), stated(confidence))
    assert sorted({one.count for one in bins}) == [66, 67]
    assert len(bins) == 15
    parts = np.split(np.sort(confidence), np.cumsum([one.count for one in bins])[:-1])
    assert [one.confidence for one in bins] == pytest.approx([part.mean() for part in parts])


def test_a_few_examples_make_fewer_bins() -> None:
    p = stated(np.linspace(0.55, 0.95, 34))
    assert [one.count for one in equal_mass_bins(np.zeros(34, int), p)] == [10, 10, 14]
    assert equal_mass_bins(np.array([1]), p[:1]) == [Bin(0.55, 0.0, 1)]


confidences = st.lists(st.sampled_from([0.5, 0.6, 0.75, 0.8, 0.9, 0.99]), min_size=1, max_size=80)


@given(confidences, st.integers(1, 20), st.randoms(use_true_random=False))
def test_equal_confidences_stay_together_in_any_order(chosen, n_bins, random) -> None:
    labels = [random.randrange(2) for _ in chosen]
    y, p = np.array(labels), stated(np.array(chosen))
    bins = equal_mass_bins(y, p, n_bins)
    assert sum(one.count for one in bins) == len(y)
    assert len(bins) <= n_bins
    assert len(bins) == 1 or min(one.count for one in bins) >= 10
    edges = np.cumsum([0, *(one.count for one in bins)])
    ascending = np.sort(chosen)
    assert all(ascending[edge - 1] < ascending[edge] for edge in edges[1:-1])
    order = list(range(len(y)))
    random.shuffle(order)
    assert calibration_error(y[order], p[order], n_bins) == pytest.approx(
        calibration_error(y, p, n_bins), abs=1e-6
    )


@pytest.mark.parametrize(("n", "n_bins"), [(0, 15), (5, 0)])
def test_no_examples_and_no_bins_are_refused(n: int, n_bins: int) -> None:
    with pytest.raises(ValueError, match="n_bins ≥ 1"):
        equal_mass_bins(np.zeros(n, int), np.full((n, 2), 0.5), n_bins)


# -- the error ---------------------------------------------------------------------------------


def test_by_hand() -> None:
    # One bin of 20: confidence 0.9, accuracy 0.6: 0.3² − 0.6·0.4/19
    p, y = stated(np.full(20, 0.9)), np.repeat([0, 1], [12, 8])
    assert calibration_error(y, p) == pytest.approx(math.sqrt(0.09 - 0.24 / 19))


@pytest.mark.parametrize("n", [50, 1000])
def test_a_calibrated_model_has_none_on_average(n: int) -> None:
    estimates = squared_errors(n, lambda confidence: confidence, seed=2)
    assert is_mean(estimates, 0.0)
    assert (estimates < 0).any(), "the clipped one could not have mean 0"


def test_calibrated_probabilities_of_several_classes_have_none_on_average() -> None:
    random = np.random.default_rng(3)
    estimates = np.empty(RUNS)
    for run in range(RUNS):
        p = random.dirichlet(np.ones(4), 300)
        y = (random.random((300, 1)) > p.cumsum(axis=1)).sum(axis=1)
        estimates[run] = _squared_error(equal_mass_bins(y, p))
    assert is_mean(estimates, 0.0)


def test_the_plain_estimate_has_the_bias_that_is_taken_off() -> None:
    random = np.random.default_rng(4)
    confidence = random.uniform(0.6, 1.0, (RUNS, 300))
    y = (random.random((RUNS, 300)) >= confidence).astype(int)
    found = [equal_mass_bins(*pair) for pair in zip(y, map(stated, confidence), strict=True)]
    plain = [np.mean([(b.accuracy - b.confidence) ** 2 for b in bins]) for bins in found]
    # Chance alone: the mean of c(1 − c) over 0.6..1, over the 20 examples of a bin.
    assert np.mean(plain) == pytest.approx((0.8 - (0.8**2 + 0.16 / 12)) / 20, rel=0.05)


def test_a_constant_error_is_found() -> None:
    estimates = squared_errors(1000, lambda confidence: confidence - 0.1, seed=5)
    assert is_mean(estimates, 0.1**2)


def test_an_error_that_grows_with_confidence_is_found() -> None:
    estimates = squared_errors(2000, lambda c: c - (c - 0.6) / 2, seed=6)
    # the mean of ((c − 0.6)/2)² over 0.6..1, less the gap's variance within a bin of 15
    assert is_mean(estimates, 0.4**2 / 12 - (0.2 / 15) ** 2 / 12)


def test_one_example_has_its_own_gap() -> None:
    p = np.array([[0.8, 0.2]])
    assert calibration_error(np.array([0]), p) == pytest.approx(0.2)
    assert calibration_error(np.array([1]), p) == pytest.approx(0.8)


def test_a_model_that_diverged_is_not_called_calibrated() -> None:
    y, p = np.zeros(30, int), np.full((30, 2), np.nan)
    assert math.isnan(calibration_error(y, p))
    assert math.isnan(brier(y, p))
