"""Paths and decompositions of ridge regression against its closed form and scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import regkit
from regkit.comparison.strengths.held_out import bootstrap_replicates, splits
from regkit.data import load
from tests.comparison.strengths import ridge

REPEATS, REPLICATES = 4, 5


@pytest.fixture(scope="module")
def followed():
    return regkit.path(
        ridge.build, ridge.DATA, "l2(0.01..1)", repeats=REPEATS, **ridge.TO_CONVERGENCE
    )


@pytest.fixture(scope="module")
def draws():
    return splits(load(ridge.DATA), REPEATS, ridge.TO_CONVERGENCE["seed"], 0.2)


def test_the_path_is_that_of_the_closed_form(followed, draws):
    assert followed.strengths.tolist() == [0, 0.01, 0.032, 0.1, 0.32, 1]
    for part in ("validation", "training"):
        expected = []
        for draw in draws:
            validates = part == "validation"
            x = draw.x_held_out if validates else draw.x_train
            y = draw.y_held_out if validates else draw.y_train
            errors = [ridge.predictions(draw, s, x) - y for s in followed.strengths]
            expected.append([(error**2).mean() for error in errors])
        values = getattr(followed, part).values
        np.testing.assert_allclose(values, expected, rtol=2e-5, err_msg=part)


def test_the_choice_is_the_one_that_scikit_learns_fits_give(followed, draws):
    """Ridge minimizes ‖y − X w‖² + alpha ‖w‖², so that alpha is n times the strength."""
    table = []
    for draw in draws:
        x, y = np.float64(draw.x_train), draw.y_train
        row = []
        for strength in followed.strengths:
            model = Ridge(alpha=len(x) * strength).fit(x, y)
            row.append(((model.predict(np.float64(draw.x_held_out)) - draw.y_held_out) ** 2).mean())
        table.append(row)
    mean, error = np.mean(table, axis=0), np.std(table, axis=0, ddof=1) / np.sqrt(REPEATS)
    best = mean.argmin()
    within = [k for k in range(len(mean)) if mean[k] <= mean[best] + error[best]]
    assert followed.best == followed.strengths[best]
    assert followed.chosen == followed.strengths[max(within)]
    assert followed.chosen > followed.best
    assert followed.recipe == str(regkit.Recipe(f"l2({followed.chosen})"))
    np.testing.assert_allclose(followed.validation.standard_error, error, rtol=1e-4)


def test_bias_and_variance_are_those_of_the_closed_form():
    parts = regkit.bias_variance(
        ridge.build, ridge.DATA, "l2(0.03|0.3)", replicates=REPLICATES, **ridge.TO_CONVERGENCE
    )
    seed = ridge.TO_CONVERGENCE["seed"]
    draws = bootstrap_replicates(load(ridge.DATA), REPLICATES, seed, 0.2)
    y = np.float64(draws[0].y_held_out)
    for number, strength in enumerate(parts.strengths):
        h = np.array([ridge.predictions(d, strength, d.x_held_out) for d in draws])
        variance = h.var(axis=0, ddof=1)
        bias_squared = (h.mean(axis=0) - y) ** 2 - variance / REPLICATES
        expected = [((h - y) ** 2).mean(), bias_squared.mean(), variance.mean()]
        found = [parts.error[number], parts.bias[number], parts.variance[number]]
        np.testing.assert_allclose(found, expected, rtol=1e-3, err_msg=str(strength))
    assert (np.diff(parts.variance) < 0).all(), "a stronger penalty leaves less variance"
