"""What voters count: the optimum of a mixture, and the log-odds of their accuracy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.ensembles import VotingEnsemble
from regkit.ensembles.voting import log_odds, mixture_weights
from tests.ensembles.boosted import ballots_of, softmax, three
from tests.ensembles.voters import (
    by_scipy,
    loss_of,
    probabilities,
    three_models,
)


def held_out(seed, models=4, examples=60, classes=3):
    """Models of other skills, and labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=examples)
    skill = np.linspace(0, 2, models)[:, None, None] * np.eye(classes)[labels]
    return softmax(random.normal(size=(models, examples, classes)) + skill), labels


@pytest.mark.backend_free
@pytest.mark.parametrize("seed", range(6))
def test_weights_of_a_mixture_are_the_optimum_that_scipy_finds(seed):
    p, labels = held_out(seed)
    likelihoods = p[:, np.arange(60), labels]
    found, optimum = mixture_weights(p, labels), by_scipy(likelihoods)
    assert loss_of(found, likelihoods) < loss_of(optimum, likelihoods) + 1e-6
    np.testing.assert_allclose(found, optimum, atol=1e-3)
    np.testing.assert_allclose(found.sum(), 1)


@pytest.mark.backend_free
@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 12))
def test_a_mixture_is_no_worse_than_any_of_its_models(seed, models, examples):
    p, labels = held_out(seed, models, examples)
    likelihoods, found = p[:, np.arange(examples), labels], mixture_weights(p, labels)
    np.testing.assert_allclose(found.sum(), 1)
    assert (found >= 0).all()
    best = min(loss_of(own, likelihoods) for own in np.eye(models))
    equal = loss_of(np.full(models, 1 / models), likelihoods)
    assert loss_of(found, likelihoods) <= min(best, equal) + 1e-4


@pytest.mark.backend_free
def test_a_model_that_is_certain_and_wrong_once_does_not_count():
    p = np.array([[[1.0, 0.0]] * 4, [[0.6, 0.4]] * 4])
    np.testing.assert_allclose(mixture_weights(p, np.array([0, 0, 0, 1]))[0], 0.375, atol=1e-6)
    alone = mixture_weights(p, np.array([1, 1, 1, 1]))
    np.testing.assert_allclose(alone, [0, 1], atol=1e-6)


@pytest.mark.backend_free
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_log_odds_are_those_of_the_closed_form(classes):
    p, labels = held_out(1, models=5, classes=classes)
    found = log_odds(p, labels)
    for own, weight in zip(p, found, strict=True):
        right = sum(row.argmax() == label for row, label in zip(own, labels, strict=True))
        odds = (right + 0.5) / (len(labels) - right + 0.5)
        assert weight == pytest.approx(max(np.log(odds * (classes - 1)), 0), abs=1e-12)
    assert found.max() > 0.5


@pytest.mark.backend_free
def test_a_voter_at_chance_counts_nothing_and_one_that_is_always_right_is_finite():
    labels = np.arange(8) % 2
    p = np.stack([np.eye(2)[labels], np.eye(2)[[0] * 8], np.eye(2)[1 - labels]])
    np.testing.assert_allclose(log_odds(p, labels), [np.log(17), 0, 0], atol=1e-12)


@pytest.mark.backend_free
@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_fitted_weights_come_of_the_examples_of_the_fit(voting):
    x, y = three(120)
    models = three_models(5)
    for model in models[:2]:
        model.fit(x[60:], y[60:], epochs=8, verbose=0)
    ensemble = VotingEnsemble(models, voting=voting, weights="fitted").fit(x[:60], y[:60])
    p = probabilities(models, x[:60])
    if voting == "soft":
        expected = by_scipy(p[:, np.arange(60), y[:60]])
    else:
        right = (p.argmax(axis=2) == y[:60]).sum(axis=1)
        expected = np.maximum(np.log((right + 0.5) / (60.5 - right) * 2), 0)
        expected = expected / expected.sum()
    np.testing.assert_allclose(ensemble.weights_, expected, atol=2e-3)
    assert np.ptp(expected) > 0.1
    p = probabilities(models, x)
    ballots = p if voting == "soft" else ballots_of(p)
    np.testing.assert_allclose(
        ensemble.predict_proba(x), np.einsum("m,mec->ec", ensemble.weights_, ballots), rtol=1e-5
    )


# -- labels ----------------------------------------------------------------------------------------
