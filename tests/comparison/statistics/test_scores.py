"""Metrics against scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference
from sklearn.metrics import accuracy_score, log_loss

from regkit.comparison.statistics.scores import (
    accuracy,
    balanced_accuracy,
    mean_absolute_error,
    negative_log_likelihood,
    probabilities,
    roc_auc,
    root_mean_squared_error,
)

pytestmark = pytest.mark.backend_free


def test_metrics_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y, logits = random.integers(0, 4, 200), random.normal(0, 2, (200, 4))
    p = probabilities(logits)
    assert accuracy(y, p) == accuracy_score(y, p.argmax(axis=1))
    assert negative_log_likelihood(y, p) == pytest.approx(log_loss(y, p))
    assert probabilities(p) == pytest.approx(p)


@given(st.integers(2, 5), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_balanced_accuracy_agrees_with_scikit_learn(k: int, n: int, seed: int) -> None:
    """Also where a class has no example, and where probabilities are equal."""
    random = np.random.default_rng(seed)
    y, p = random.integers(0, k, n) // random.integers(1, 3), random.integers(1, 4, (n, k)) / 4
    p = p / p.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn says that a class has no example
        expected = reference.balanced_accuracy_score(y, p.argmax(axis=1))
    assert balanced_accuracy(y, p) == pytest.approx(expected)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_the_area_under_the_curve_agrees_with_scikit_learn(
    zeros: int, ones: int, levels: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    y = random.permutation(np.repeat([0, 1], [zeros, ones]))
    positive = random.integers(0, levels, len(y)) / levels  # few levels make ties
    p = np.stack([1 - positive, positive], axis=1)
    assert roc_auc(y, p) == pytest.approx(reference.roc_auc_score(y, positive))


def test_there_is_no_area_without_two_classes() -> None:
    for y in (np.zeros(3, int), np.ones(3, int)):
        assert np.isnan(roc_auc(y, np.full((3, 2), 0.5)))


def test_large_logits_and_sure_mistakes_stay_finite() -> None:
    p = probabilities([[1e4, 0.0], [-1e4, 0.0]])
    assert np.isfinite(p).all()
    assert negative_log_likelihood(np.array([1, 0]), p) == pytest.approx(-np.log(1e-7))


def test_half_precision_probabilities_are_taken_for_probabilities() -> None:
    p = np.array([[0.3, 0.7], [0.1, 0.9]], np.float16)
    assert probabilities(p) == pytest.approx(p.astype(float), abs=1e-3)


@pytest.mark.parametrize("shape", [(50,), (50, 1), (50, 3)])
def test_measures_of_regression_agree_with_scikit_learn(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(1)
    y, prediction = random.normal(0, 1, shape), random.normal(0, np.arange(1, 1 + shape[-1]), shape)
    for measure in (root_mean_squared_error, mean_absolute_error):
        expected = getattr(reference, measure.__name__)(y, prediction)
        assert measure(y, prediction) == pytest.approx(expected)


def test_a_dense_layers_column_is_no_matrix_of_differences() -> None:
    y = np.random.default_rng(2).normal(0, 1, 20)
    for measure in (root_mean_squared_error, mean_absolute_error):
        assert measure(y, y[:, None]) == 0.0
        assert measure(y[:, None], y + 2) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("y", "prediction"), [((4,), (3,)), ((2, 3), (3, 2)), ((4,), (2, 2)), ((0,), (0,))]
)
def test_predictions_of_another_shape_are_refused(
    y: tuple[int, ...], prediction: tuple[int, ...]
) -> None:
    for measure in (root_mean_squared_error, mean_absolute_error):
        with pytest.raises(ValueError, match="as many predictions"):
            measure(np.zeros(y), np.zeros(prediction))
