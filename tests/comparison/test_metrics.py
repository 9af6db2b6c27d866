"""Metrics against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from regkit.comparison.metrics import accuracy, negative_log_likelihood, probabilities


def test_metrics_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y, logits = random.integers(0, 4, 200), random.normal(0, 2, (200, 4))
    p = probabilities(logits)
    assert accuracy(y, p) == accuracy_score(y, p.argmax(axis=1))
    assert negative_log_likelihood(y, p) == pytest.approx(log_loss(y, p))
    assert probabilities(p) == pytest.approx(p)


def test_large_logits_and_sure_mistakes_stay_finite() -> None:
    p = probabilities([[1e4, 0.0], [-1e4, 0.0]])
    assert np.isfinite(p).all()
    assert negative_log_likelihood(np.array([1, 0]), p) == pytest.approx(-np.log(1e-7))


def test_half_precision_probabilities_are_taken_for_probabilities() -> None:
    p = np.array([[0.3, 0.7], [0.1, 0.9]], np.float16)
    assert probabilities(p) == pytest.approx(p.astype(float), abs=1e-3)
