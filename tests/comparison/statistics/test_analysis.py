"""From records to conclusions: signs, designs, and what decides."""

from __future__ import annotations

import dataclasses

import pytest

from regkit.comparison.record.results import Fit, Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import pairs, summarize
from tests.comparison import records

pytestmark = pytest.mark.backend_free


def improved(record: Record, key: str, step: float) -> Record:
    """The first arm moved by a step, a little more in later splits, in one measure."""
    arm = list(record.arms)[1]
    base = {(f.split, f.seed): f.test[key] for f in record.of(record.baseline)}

    def moved(fit: Fit) -> Fit:
        value = base[fit.split, fit.seed] + step * (1 + 0.02 * fit.split)
        return dataclasses.replace(fit, test=fit.test | {key: value}) if fit.arm == arm else fit

    return dataclasses.replace(record, fits=tuple(map(moved, record.fits)))


@pytest.mark.parametrize(
    ("key", "name", "step"),
    [("accuracy", "accuracy", 0.05), ("nll", "NLL", -0.2)],
)
def test_better_has_the_sign_of_its_measure(key: str, name: str, step: float) -> None:
    for sign, word in ((1, "better"), (-1, "worse")):
        outcome = summarize(improved(records.record(), key, sign * step))[1].outcomes[name]
        worse, same, better = outcome.p_practical or (0, 0, 0)
        assert outcome.verdict == word
        assert worse + same + better == pytest.approx(1)
        assert (better if sign > 0 else worse) > 0.95
        assert ((outcome.p_better or 0) > 0.95) == (sign > 0)


def test_an_error_of_regression_is_better_when_smaller() -> None:
    record = records.record(task="regression")
    spread = record.data["target_scale"]
    outcome = summarize(improved(record, "rmse", -0.3 * spread))[1].outcomes["RMSE"]
    assert outcome.verdict == "better"
    assert measures.of_record(record)[0].margin == pytest.approx(0.02 * spread, rel=0.05)


def test_only_measures_that_decide_have_verdicts() -> None:
    summary = summarize(records.record())[1]
    assert set(summary.verdicts) == {"accuracy", "NLL"}
    assert summary.outcomes["Brier"].difference is not None
    assert summary.outcomes["Brier"].p_practical is None


def test_sign_flips_where_the_pairs_are_independent_only() -> None:
    pooled = records.record()
    fixed = dataclasses.replace(pooled, data=pooled.data | {"fixed_test": True})
    for record, there in ((fixed, True), (pooled, False)):
        p = summarize(record)[1].outcomes["accuracy"].p_permutation
        assert (p is not None) == there


def test_seeds_of_a_split_are_one_pair() -> None:
    record = records.record()
    splits = {fit.split for fit in record.fits}
    measure = measures.of_record(record)[0]
    assert len(pairs(record, list(record.arms)[1], measure)) == len(splits)


@pytest.mark.parametrize(
    ("scale", "digits"), [(77.0, 2), (0.004, 6), (2e4, 0), (1.0, 3), (1e-30, 33)]
)
def test_decimals_follow_the_targets_spread(scale: float, digits: int) -> None:
    record = records.record(task="regression")
    record = dataclasses.replace(record, data=record.data | {"target_scale": scale})
    assert measures.of_record(record)[0].digits == digits
