"""How often the statistics err, by simulation: of both designs, and of every test that is printed.

The tolerance is three binomial standard errors of the simulation; the seeds are fixed.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from regkit.comparison.record.results import Trial
from regkit.comparison.statistics.choice import chosen
from regkit.comparison.statistics.paired_differences import (
    Difference,
    detectable,
    difference,
    equivalence_p,
    holm,
    practical,
)
from regkit.comparison.statistics.permutation import sign_flip
from regkit.comparison.statistics.ranks import cliques, rank

pytestmark = pytest.mark.backend_free

RUNS = 1500


def margin_of(rate: float, runs: int) -> float:
    """Return three standard errors of a rate that is found in simulated runs."""
    return 3 * math.sqrt(rate * (1 - rate) / runs)


def is_rate(found: list[bool] | np.ndarray, rate: float) -> bool:
    """Return whether what was found is the rate, within sampling error."""
    return abs(float(np.mean(found)) - rate) <= margin_of(rate, len(found))


def is_at_most(found: list[bool] | np.ndarray, rate: float) -> bool:
    """Return whether what was found is the rate or less, within sampling error."""
    return float(np.mean(found)) <= rate + margin_of(rate, len(found))


def covered(found: list[Difference], truth: float) -> list[bool]:
    return [one.low <= truth <= one.high for one in found]


def significant(found: list[Difference]) -> list[bool]:
    return [one.p < 0.05 for one in found]


# -- a fixed test set: pairs are independent given it ------------------------------------------


@pytest.mark.parametrize("n", [5, 10, 20])
def test_independent_pairs_have_the_nominal_rates(n: int) -> None:
    noise = np.random.default_rng(n).normal(0, 1, (RUNS, n))
    assert is_rate(significant([difference(row, 0.0) for row in noise]), 0.05)
    assert is_rate(covered([difference(row, 0.0) for row in noise + 0.7], 0.7), 0.95)


@pytest.mark.parametrize("n", [5, 10, 20])
def test_coarse_pairs_stay_below_the_nominal_rates(n: int) -> None:
    """Two arms that each get about 90 of 100 test examples right: differences are whole points."""
    random = np.random.default_rng(10 + n)
    right = random.binomial(100, 0.9, (2, RUNS, n)).astype(float)
    found = [difference(row, 0.0, resolution=1.0) for row in right[0] - right[1]]
    assert is_at_most(significant(found), 0.05)
    assert is_at_most([not one for one in covered(found, 0.0)], 0.05)


def on_fixed_tests(tests: int, repeats: int, seed: int) -> np.ndarray:
    """Return differences (tests, repeats) of two equal learners, each row on one test set.

    Nearest-mean classifiers of four features each, on 100 test examples that stay and 40 training
    examples that are drawn anew from a large pool.
    """
    random, width = np.random.default_rng(seed), 4
    found = np.empty((tests, repeats))
    for row in found:
        y = random.integers(0, 2, 100)
        x = random.normal(0, 1, (100, 2, width)) + 0.5 * y[:, None, None]
        means = random.normal(0, 1 / math.sqrt(20), (2, repeats, 2, width))  # of 20 examples
        means[1] += 0.5
        middle, direction = means.mean(axis=0), means[1] - means[0]
        score = np.einsum("tlw,rlw->rtl", x, direction) - (middle * direction).sum(-1)[:, None]
        right = ((score > 0) == (y == 1)[:, None]).mean(axis=1)
        row[:] = 100 * (right[:, 1] - right[:, 0])
    return found


def test_intervals_of_a_fixed_test_set_are_about_that_test_set() -> None:
    differences = on_fixed_tests(tests=20, repeats=1000, seed=0)
    on_their_test, in_truth = [], []
    for row in differences:
        found = [difference(ten, 0.0, resolution=1.0) for ten in row.reshape(-1, 10)]
        on_their_test += covered(found, float(row.mean()))
        in_truth += covered(found, 0.0)
    assert is_rate(on_their_test, 0.95)
    # Not covered: which examples the test set has. Its own error must be told beside.
    assert np.mean(in_truth) < 0.8


# -- splits of one pool: pairs share examples --------------------------------------------------


def correlated(n: int, overlap: float, runs: int, seed: int) -> np.ndarray:
    """Return pairs with Nadeau and Bengio's correlation n_test/(n_test + n_train), s² 1."""
    random = np.random.default_rng(seed)
    # ρ/(1 − ρ) is the overlap: so much more variance is in what all pairs of a run share
    shared = math.sqrt(overlap) * random.normal(0, 1, (runs, 1))
    return shared + random.normal(0, 1, (runs, n))


@pytest.mark.parametrize(("n", "overlap"), [(5, 1 / 4), (10, 1 / 9), (20, 3 / 7)])
def test_correlated_pairs_have_the_nominal_rates(n: int, overlap: float) -> None:
    noise = correlated(n, overlap, RUNS, seed=20 + n)
    assert is_rate(significant([difference(row, overlap) for row in noise]), 0.05)
    assert is_rate(covered([difference(row, overlap) for row in noise - 0.4], -0.4), 0.95)
    naive = [difference(row, 0.0) for row in noise[:500]]
    assert np.mean(significant(naive)) > 0.1


def equal_arms(runs: int, arms: int, splits: int, seed: int) -> np.ndarray:
    """Return differences (runs, arms, splits) of learners that are equally good on average.

    In each run a pool of 300 examples with exchangeable features is drawn. Each learner is a
    nearest-mean classifier on its own four features, so none is better; all see the same random
    splits of the pool, 80 % training and 20 % test, which overlap as real ones do.
    """
    random, size, n_test, width = np.random.default_rng(seed), 300, 60, 4
    found = np.empty((runs, arms, splits))
    for run in range(runs):
        y = random.integers(0, 2, size)
        x = random.normal(0, 1, (size, arms + 1, width)) + 0.5 * y[:, None, None]
        tested = random.random((splits, size)).argsort(axis=1).argsort(axis=1) < n_test
        means = []
        for label in (0, 1):
            members = ~tested & (y == label)
            sums = members.astype(float) @ x.reshape(size, -1)
            means.append((sums / members.sum(axis=1)[:, None]).reshape(splits, arms + 1, width))
        middle, direction = (means[0] + means[1]) / 2, means[1] - means[0]
        score = np.stack([x[:, arm] @ direction[:, arm].T for arm in range(arms + 1)])
        score -= (middle * direction).sum(axis=2).T[:, None]
        hits = (score > 0) == (y == 1)[:, None]
        right = np.einsum("aps,sp->as", hits.astype(float), tested.astype(float)) / n_test
        found[run] = 100 * (right[1:] - right[0])
    return found


def false_claims(differences: np.ndarray, overlap: float) -> list[bool]:
    """Return of each run whether any arm is called different from the baseline."""
    claims = []
    for run in differences:
        p = [difference(row, overlap, resolution=100 / 60).p for row in run]
        claims.append(bool((holm(p) < 0.05).any()))
    return claims


@pytest.mark.parametrize(("n", "naive"), [(5, 0.1), (10, 0.2), (20, 0.3)])
def test_two_equal_learners_on_splits_of_one_pool(n: int, naive: float) -> None:
    differences = equal_arms(1000, arms=1, splits=n, seed=4)[:, 0]
    found = [difference(row, 60 / 240, resolution=100 / 60) for row in differences]
    assert is_at_most(significant(found), 0.05)
    assert is_at_most([not one for one in covered(found, 0.0)], 0.05)
    # The simulation has teeth: the ordinary paired t test finds what is not there.
    assert np.mean([difference(row, 0.0).p < 0.05 for row in differences]) > naive


def test_no_arm_of_seven_is_claimed_more_often_than_the_level() -> None:
    differences = equal_arms(500, arms=7, splits=10, seed=3)
    assert is_at_most(false_claims(differences, overlap=60 / 240), 0.05)
    assert np.mean(false_claims(differences[:100], overlap=0.0)) > 0.3


@pytest.mark.slow
def test_no_arm_of_seven_is_claimed_in_many_runs() -> None:
    differences = equal_arms(10_000, arms=7, splits=10, seed=6)
    assert is_at_most(false_claims(differences, overlap=60 / 240), 0.05)


# -- power -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "effect"), [(5, 1.68), (10, 1.00), (20, 0.66)])
def test_an_effect_is_detected_as_often_as_it_says(n: int, effect: float) -> None:
    assert detectable(n, overlap=0.0) == pytest.approx(effect, abs=0.01)
    values = np.random.default_rng(30 + n).normal(detectable(n, 0.0), 1.0, (RUNS, n))
    assert is_rate(significant([difference(row, 0.0) for row in values]), 0.8)


def test_an_effect_is_detected_as_often_on_splits_of_one_pool() -> None:
    """In units of the standard deviation that is seen, within a pool."""
    values = correlated(10, 1 / 4, RUNS, seed=31) + detectable(10, 1 / 4)
    assert is_rate(significant([difference(row, 1 / 4) for row in values]), 0.8)


# -- the other claims --------------------------------------------------------------------------


def test_a_difference_of_the_margin_is_seldom_equivalent_and_seldom_better() -> None:
    noise = correlated(10, 1 / 9, RUNS, seed=40)
    found = [difference(0.5 + 0.2 * row, 1 / 9) for row in noise]
    assert is_rate([equivalence_p(one, 0.5) < 0.05 for one in found], 0.05)
    assert is_rate([practical(one, 0.5).better > 0.95 for one in found], 0.05)


@pytest.mark.parametrize(("n", "level"), [(5, 2 / 2**5), (8, 0.05)])
def test_sign_flips_keep_the_level_without_a_distribution(n: int, level: float) -> None:
    noise = np.random.default_rng(50).laplace(0, 1, (500, n))
    reachable = math.floor(level * 2 ** (n - 1)) / 2 ** (n - 1)
    assert is_rate([sign_flip(row) <= level for row in noise], reachable)


def test_sign_flips_are_not_for_splits_of_one_pool() -> None:
    noise = correlated(10, 1 / 4, 200, seed=51)
    assert np.mean([sign_flip(row) < 0.05 for row in noise]) > 0.2


@pytest.mark.parametrize(("arms", "n"), [(3, 3), (4, 6), (4, 12)])
def test_ranks_of_equal_arms_over_data_sets(arms: int, n: int) -> None:
    runs, names = 200, [str(arm) for arm in range(arms)]
    random = np.random.default_rng(60 + n)
    found = [
        rank(dict(zip(names, random.normal(0, 1, (arms, n)).tolist(), strict=True)), baseline="0")
        for _ in range(runs)
    ]
    p = [math.nan if one.friedman_p is None else one.friedman_p for one in found]
    assert np.isfinite(p).all()
    assert is_at_most(np.array(p) < 0.05, 0.05)
    assert is_at_most([arms not in map(len, cliques(one)) for one in found], 0.05)
    assert is_at_most([set(one.verdicts.values()) != {"cannot conclude"} for one in found], 0.05)


def test_few_data_sets_need_more_than_iman_and_davenport() -> None:
    """Why fewer than eleven are permuted: of three equal arms on three, F finds 20 % different."""
    ranks = np.random.default_rng(70).random((RUNS, 3, 3)).argsort(axis=2).argsort(axis=2) + 1.0
    chi2 = 3 * ((ranks.mean(axis=1) - 2) ** 2).sum(axis=1)
    f = 2 * chi2 / np.maximum(6 - chi2, 1e-9)
    assert np.mean(stats.f.sf(f, 2, 4) < 0.05) > 0.15


# -- arms with alternatives: the best trial is chosen by chance, and then fitted anew ------------


@pytest.mark.parametrize("luck", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("share", [0.25, 0.0])
def test_alternatives_that_do_nothing_are_seldom_called_better(luck: float, share: float) -> None:
    """However much fits of one recipe differ by chance, beside what validation and test add to it."""
    random, n, recipes = np.random.default_rng(7), 10, ["a", "b", "c"]
    better, credited = [], []
    for _ in range(RUNS // 2):
        # A level for each fit: the baseline's, those of the trials, and those of the fits.
        skill = random.normal(0.9, 0.01 * luck, (n, 1 + 2 * len(recipes)))
        validated = skill + random.normal(0, 0.01, skill.shape)
        tested = skill + random.normal(0, 0.007, skill.shape)
        differences, with_luck = [], []
        for split in range(n):
            trials = [
                Trial("arm", recipe, split, 0, 1, {"accuracy": float(v), "nll": 0.0})
                for recipe, v in zip(recipes, validated[split, 1:4], strict=True)
            ]
            place = recipes.index(chosen(trials, "accuracy") or "")
            differences.append(tested[split, 4 + place] - tested[split, 0])
            with_luck.append(tested[split, 1 + place] - tested[split, 0])
        for found, values in ((better, differences), (credited, with_luck)):
            d = difference(values, share)
            found.append(d.p < 0.05 and d.mean > 0)
    assert is_at_most(better, 0.025)
    if luck == 3.0:  # what the fit anew is for
        assert not is_at_most(credited, 0.025)
