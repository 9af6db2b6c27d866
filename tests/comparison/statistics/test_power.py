"""How many splits or seeds find a difference, against simulated comparisons."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from regkit.comparison.statistics import paired_differences
from regkit.comparison.statistics.power import seeds_needed, splits_needed

pytestmark = pytest.mark.backend_free


def test_so_many_splits_find_it_four_times_in_five() -> None:
    """By simulation, at the strictest step of Holm's method; and one split fewer does not."""
    first = paired_differences.difference([0.1, 2.1, 0.4, 1.4, 0.9], overlap=0.0)
    n = splits_needed(first, share=0.0, tests=4)
    assert n is not None
    deviation = first.error * np.sqrt(first.n)
    random, runs = np.random.default_rng(0), 4000

    def power(pairs: int) -> float:
        drawn = random.normal(first.mean, deviation, (runs, pairs))
        return float((stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05 / 4).mean())

    error = np.sqrt(0.8 * 0.2 / runs)
    assert power(n) > 0.8 - 3 * error
    assert power(n - 1) < 0.8 + 3 * error


def test_splits_that_overlap_may_never_be_enough() -> None:
    few = paired_differences.difference([0.6, 1.6, 0.4, 1.4, 0.9], overlap=0.25)
    faint = paired_differences.difference([-0.9, 1.1, -0.6, 0.4, 0.1], overlap=0.25)
    assert splits_needed(few, share=0.25, tests=1) is not None
    assert splits_needed(faint, share=0.25, tests=1) is None


def test_so_many_seeds_find_it_four_times_in_five() -> None:
    """By simulation: seeds average out, what splits differ by does not."""
    within, between, n, mean, random = 4.0, 0.5, 10, 1.4, np.random.default_rng(1)
    spread = between + within  # with one seed a split
    error = np.sqrt(spread / n)
    first = dataclasses.replace(
        paired_differences.difference([1.0, 2.0] * 5, overlap=0.0), mean=mean, error=error
    )
    seeds = seeds_needed(first, 0.0, 2, 1, within)
    assert seeds is not None

    def power(count: int) -> float:
        drawn = random.normal(mean, np.sqrt(between + within / count), (4000, n))
        return float((stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05 / 2).mean())

    error = np.sqrt(0.8 * 0.2 / 4000)
    assert power(seeds) > 0.8 - 3 * error
    assert power(seeds - 1) < 0.8 + 3 * error


def test_seeds_cannot_undo_what_splits_differ_by() -> None:
    first = paired_differences.difference([-0.9, 1.1, -0.6, 0.4, 0.1], overlap=0.25)
    assert seeds_needed(first, 0.25, 1, seeds=1, within=0.0) is None
