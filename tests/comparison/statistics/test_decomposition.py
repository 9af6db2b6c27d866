"""Bias and variance: identities, closed forms of means and ridge regression, Domingos' cases."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from regkit.comparison.statistics.calibration import brier
from regkit.comparison.statistics.decomposition import (
    of_brier_score,
    of_squared_error,
    of_zero_one_loss,
)
from regkit.core.errors import RegkitError

pytestmark = pytest.mark.backend_free

VALUES = st.floats(-100, 100)
SHAPES = st.tuples(st.integers(2, 6), st.integers(1, 5))


@st.composite
def quantities(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(SHAPES)
    h = draw(arrays.arrays(np.float64, shape, elements=VALUES))
    return h, draw(arrays.arrays(np.float64, shape[1:], elements=VALUES))


@st.composite
def classes(draw: Any) -> tuple[np.ndarray, np.ndarray, int]:
    shape, k = draw(SHAPES), draw(st.integers(2, 4))
    h = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, k - 1)))
    return h, draw(arrays.arrays(np.int64, shape[1:], elements=st.integers(0, k - 1))), k


@given(quantities())
def test_the_parts_of_a_squared_error_add_up(drawn: Any) -> None:
    h, y = drawn
    parts = of_squared_error(h, y)
    assert parts.error == pytest.approx(((h - y) ** 2).mean(), rel=1e-9, abs=1e-9)
    assert parts.bias_squared + parts.variance == pytest.approx(parts.error, rel=1e-9, abs=1e-9)
    assert parts.variance == pytest.approx(h.var(axis=0, ddof=1).mean(), rel=1e-9, abs=1e-9)


@given(quantities(), st.integers(2, 7))
def test_equal_replicates_have_no_variance(drawn: Any, replicates: int) -> None:
    (h, *_), y = drawn
    parts = of_squared_error(np.tile(h, (replicates, 1)), y)
    assert parts.variance == 0
    assert parts.bias_squared == pytest.approx(((h - y) ** 2).mean())


@given(quantities(), st.randoms())
def test_the_order_of_the_replicates_does_not_matter(drawn: Any, random: Any) -> None:
    h, y = drawn
    order = random.sample(range(len(h)), len(h))
    one, other = of_squared_error(h, y), of_squared_error(h[order], y)
    assert one.variance == pytest.approx(other.variance, rel=1e-9, abs=1e-9)


def test_errors_of_several_outputs_add() -> None:
    random = np.random.default_rng(0)
    h, y = random.normal(size=(5, 4, 3)), random.normal(size=(4, 3))
    each = [of_squared_error(h[..., k], y[:, k]) for k in range(3)]
    both = of_squared_error(h, y)
    for part in ("error", "bias_squared", "variance"):
        assert getattr(both, part) == pytest.approx(sum(getattr(one, part) for one in each))


def estimates(predict: Callable[[int], np.ndarray], targets: np.ndarray) -> np.ndarray:
    """(times, 2): bias² and variance, each of few replicates: a bias in them would show."""
    parts = [of_squared_error(predict(4), targets) for _ in range(3000)]
    return np.array([[one.bias_squared, one.variance] for one in parts])


def close(found: np.ndarray, expected: list[float]) -> None:
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - expected) < 4 * error).all()


@pytest.mark.parametrize("shrunk", [1.0, 0.6, 0.0])
def test_a_shrunk_mean_of_draws_has_its_closed_form(shrunk: float) -> None:
    """c·x̄ of n draws of N(μ, σ²) for μ: bias² (1 − c)²μ² and variance c²σ²/n."""
    mean, deviation, n, random = 2.0, 3.0, 5, np.random.default_rng(1)

    def predict(replicates: int) -> np.ndarray:
        draws = random.normal(mean, deviation, (replicates, n))
        return shrunk * draws.mean(axis=1, keepdims=True)

    found = estimates(predict, np.array([mean]))
    expected = [(1 - shrunk) ** 2 * mean**2, shrunk**2 * deviation**2 / n]
    if shrunk:
        close(found, expected)
    else:
        assert found == pytest.approx(np.tile(expected, (len(found), 1)))


@pytest.mark.parametrize("strength", [0.1, 3.0, 50.0])
def test_ridge_regression_has_its_closed_form(strength: float) -> None:
    """With a fixed design, h = A y with A = X(XᵀX + λI)⁻¹Xᵀ: bias² ‖(A − I)f‖²/n, σ² tr(AAᵀ)/n."""
    random, deviation = np.random.default_rng(2), 1.5
    x, weights = random.normal(size=(12, 5)), random.normal(size=5)
    true = x @ weights
    hat = x @ np.linalg.solve(x.T @ x + strength * np.eye(5), x.T)

    def predict(replicates: int) -> np.ndarray:
        return (true + random.normal(0, deviation, (replicates, 12))) @ hat.T

    bias_squared = float(((hat @ true - true) ** 2).mean())
    variance = deviation**2 * float((hat**2).sum()) / 12
    close(estimates(predict, true), [bias_squared, variance])


def test_the_noise_of_single_observations_is_within_the_bias() -> None:
    random, n = np.random.default_rng(3), 200_000
    h, true = random.normal(0, 0.5, (3, n)), np.zeros(n)
    parts = of_squared_error(h + 0.7, true + random.normal(0, 2.0, n))
    assert parts.bias_squared == pytest.approx(0.7**2 + 2.0**2, abs=0.05)
    assert parts.variance == pytest.approx(0.25, abs=0.005)


@given(st.integers(2, 5), st.integers(1, 4), st.integers(2, 4), st.integers(0, 10**6))
def test_the_brier_score_is_the_comparisons_own(r: int, n: int, k: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    p, y = random.dirichlet(np.ones(k), (r, n)), random.integers(0, k, n)
    parts = of_brier_score(p, y)
    assert parts.error == pytest.approx(np.mean([brier(y, one) for one in p]))
    assert parts.bias_squared + parts.variance == pytest.approx(parts.error)
    ensemble = brier(y, p.mean(axis=0))
    assert ensemble == pytest.approx(parts.bias_squared + parts.variance / r)


def test_true_probabilities_leave_the_noise_of_the_labels() -> None:
    p, random = np.array([0.7, 0.2, 0.1]), np.random.default_rng(4)
    y = random.choice(3, 100_000, p=p)
    parts = of_brier_score(np.broadcast_to(p, (2, len(y), 3)), y)
    assert parts.variance == 0
    assert parts.bias_squared == pytest.approx(1 - (p**2).sum(), abs=0.01)


@pytest.mark.parametrize(("replicates", "k"), [(2, 3), (3, 2), (3, 3), (4, 2), (4, 3)])
def test_domingos_by_every_case(replicates: int, k: int) -> None:
    """Error = B + cV with c = 1, −1 or −P(h = y | h ≠ m), in all predictions of one example."""
    for predicted in itertools.product(range(k), repeat=replicates):
        for label in range(k):
            main = min(range(k), key=lambda c: (-predicted.count(c), c))
            bias, variance = float(main != label), np.mean([p != main for p in predicted])
            others = [p for p in predicted if p != main]
            c = 1.0 if not bias else -np.mean([p == label for p in others]) if others else 0.0
            if bias and others and k == 2:
                assert c == -1
            parts = of_zero_one_loss(np.array(predicted)[:, None], np.array([label]))
            assert parts.error == np.mean([p != label for p in predicted])
            assert parts.bias == bias
            assert parts.variance == pytest.approx(c * variance)
            assert parts.error == pytest.approx(bias + c * variance)
            assert (parts.biased_variance if not bias else parts.unbiased_variance) == 0


@given(classes())
def test_the_parts_of_the_rate_of_errors_add_up(drawn: Any) -> None:
    h, y, _ = drawn
    parts = of_zero_one_loss(h, y)
    assert parts.error == pytest.approx((h != y).mean())
    assert parts.bias + parts.variance == pytest.approx(parts.error)
    equal = of_zero_one_loss(np.tile(h[0], (3, 1)), y)
    assert (equal.unbiased_variance, equal.biased_variance) == (0, 0)
    assert equal.bias == equal.error == (h[0] != y).mean()


@pytest.mark.parametrize(
    ("function", "predictions", "targets", "said"),
    [
        (of_squared_error, [[1.0, 2.0]], [1.0, 2.0], "at least 2 replicates; received 1"),
        (of_squared_error, [1.0, 2.0], 1.0, r"shape \(replicates, examples\) or .*outputs\)"),
        (of_squared_error, [[1.0], [2.0]], [1.0, 2.0], r"shapes \(2, 1\) and \(2,\)"),
        (of_squared_error, np.zeros((2, 0)), [], r"received shapes \(2, 0\) and \(0,\)"),
        (of_squared_error, [[1.0], [np.nan]], [1.0], "must be finite"),
        (of_squared_error, [[1.0], [1.0]], [np.inf], "must be finite"),
        (of_zero_one_loss, np.zeros((2, 1, 1), int), [[0]], r"shape \(replicates, examples\), and"),
        (of_zero_one_loss, [[0.0], [1.0]], [0], r"whole numbers from 0; received \[0.0, 1.0\]"),
        (of_zero_one_loss, [[0], [-1]], [0], r"whole numbers from 0; received \[-1, 0\]"),
        (of_zero_one_loss, [[0], [1]], [-3], r"whole numbers from 0; received \[-3\]"),
        (of_zero_one_loss, [[0]], [0], "at least 2 replicates"),
        (of_brier_score, [[0.5], [0.5]], [0], r"\(replicates, examples, classes\); received"),
        (of_brier_score, [[[0.5, 0.5]]] * 2, [2], r"whole numbers from 0 to 1; received \[2\]"),
        (of_brier_score, [[[0.5, 0.5]]], [0], "at least 2 replicates"),
    ],
)
def test_what_has_no_parts_is_refused(
    function: Any, predictions: Any, targets: Any, said: str
) -> None:
    with pytest.raises(RegkitError, match=said):
        function(predictions, targets)
