"""How members' outputs become one: against loops over members, and SciPy's entropy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from regkit.ensembles.combining import (
    average,
    class_uncertainty,
    entropy,
    regression_uncertainty,
    votes,
)

pytestmark = pytest.mark.backend_free


def probabilities(members=5, examples=7, classes=4, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(classes), (members, examples))


@st.composite
def distributions(draw):
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(2, 4)))
    numbers = draw(arrays(float, shape, elements=st.floats(0, 1)))
    numbers[..., 0] += 1e-3
    return numbers / numbers.sum(axis=-1, keepdims=True)


def test_the_average_is_that_of_a_loop():
    p, weights = probabilities(), np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    plain, weighted = np.zeros((7, 4)), np.zeros((7, 4))
    for own, weight in zip(p, weights, strict=True):
        plain += own / 5
        weighted += weight * own / 6.5
    np.testing.assert_allclose(average(p), plain)
    np.testing.assert_allclose(average(p, weights), weighted)


def test_votes_are_those_of_a_loop():
    p, weights = probabilities(), np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    plain, weighted = np.zeros((7, 4)), np.zeros((7, 4))
    for own, weight in zip(p, weights, strict=True):
        for example, row in enumerate(own):
            plain[example, row.argmax()] += 1 / 5
            weighted[example, row.argmax()] += weight / 6.5
    np.testing.assert_allclose(votes(p), plain)
    np.testing.assert_allclose(votes(p, weights), weighted)


def test_of_equal_probabilities_the_first_gets_the_whole_vote():
    p = [[[0.2, 0.4, 0.4]], [[0.5, 0.0, 0.5]]]
    np.testing.assert_allclose(votes(p), [[0.5, 0.5, 0.0]])


def test_entropy_is_scipys():
    p = probabilities()
    np.testing.assert_allclose(entropy(p), stats.entropy(p, axis=-1))


def test_entropy_of_what_is_certain_is_zero_without_a_warning():
    with np.errstate(all="raise"):
        assert entropy([[0.0, 1.0, 0.0]]) == 0.0


def test_mutual_information_is_the_mean_divergence_from_the_mean():
    """I(c; member) = (1/M) Σᵢ KL(pᵢ ‖ p̄), another form of H(p̄) − mean H(pᵢ)."""
    p = probabilities()
    found = class_uncertainty(p)
    mean = p.mean(axis=0)
    divergence = np.mean([stats.entropy(own, mean, axis=-1) for own in p], axis=0)
    np.testing.assert_allclose(found.mutual_information, divergence)
    np.testing.assert_allclose(found.entropy, stats.entropy(mean, axis=-1))
    np.testing.assert_allclose(found.variance, [[np.var(p[:, e, c]) for c in range(4)]
                                                for e in range(7)])  # fmt: skip


@given(distributions())
def test_uncertainty_is_within_its_bounds(p):
    found, classes = class_uncertainty(p), p.shape[2]
    assert (found.mutual_information >= 0).all()
    assert (found.mutual_information <= found.entropy + 1e-12).all()
    assert (found.entropy <= np.log(classes) + 1e-12).all()
    assert (found.mutual_information <= np.log(len(p)) + 1e-12).all()  # of M members at most ln M
    assert (found.variance <= 0.25 + 1e-12).all()  # Popoviciu, on [0, 1]


@given(distributions())
def test_averages_and_votes_are_distributions_whatever_the_order_of_members(p):
    for combine in (average, votes):
        found = combine(p)
        np.testing.assert_allclose(found.sum(axis=-1), 1)
        np.testing.assert_allclose(found, combine(p[::-1]), atol=1e-12)
        assert (found >= 0).all()
    shares = votes(p) * len(p)
    np.testing.assert_allclose(shares, shares.round())


@given(distributions())
def test_members_that_agree_share_no_information(p):
    alike = np.stack([p[0]] * 3)
    np.testing.assert_allclose(class_uncertainty(alike).mutual_information, 0, atol=1e-12)
    np.testing.assert_allclose(average(alike), p[0])


def test_whole_numbers_count_as_weights():
    p = probabilities(members=3)
    repeated = np.concatenate([p[:1], p[1:2], p[1:2], p[2:], p[2:], p[2:]])
    weights = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(average(p, weights), average(repeated))
    np.testing.assert_allclose(votes(p, weights), votes(repeated))


def test_the_mean_of_a_regression_errs_by_the_members_error_less_their_variance():
    """Breiman 1996, section 4: (y − ȳ)² = mean (y − yᵢ)² − variance, for each example."""
    rng = np.random.default_rng(0)
    outputs, y = rng.normal(size=(6, 9, 2)), rng.normal(size=(9, 2))
    found = regression_uncertainty(outputs)
    members = np.mean([(y - own) ** 2 for own in outputs], axis=0)
    np.testing.assert_allclose((y - found.mean) ** 2, members - found.variance)
