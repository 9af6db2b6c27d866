"""Each warning where it should be, and only there; each with its page."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.record.results import Fit, Record, Trial
from regkit.comparison.statistics.analysis import summarize
from regkit.comparison.words.cautions import ADVICE, CHECKS, TITLES, cautions
from regkit.comparison.words.verdict_text import how_sure
from tests.comparison import records

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[3]


def changed(record: Record, **parts: Any) -> Record:
    """The record with other entries of its settings and data, or other fields."""
    both = {
        key: getattr(record, key) | value if isinstance(value, dict) else value
        for key, value in parts.items()
    }
    return dataclasses.replace(record, **both)


def _best(record: Record, recipe: str) -> tuple[Trial, ...]:
    """The trials of a record, with one alternative the best in every split."""
    assert recipe in {trial.recipe for trial in record.trials}
    return tuple(
        dataclasses.replace(
            trial,
            validation=trial.validation
            | {"accuracy": 0.8 + 0.1 * (trial.recipe == recipe) + 1e-3 * trial.split},
        )
        for trial in record.trials
    )


def codes(record: Record) -> set[str]:
    return {one.code for one in cautions(record, summarize(record))}


def calm() -> Record:
    """A record that nothing is to be said of but that its test sets are small."""
    plain = records.record()
    fits = tuple(dataclasses.replace(fit, best_epoch=fit.epochs // 2) for fit in plain.fits)
    trials = _best(plain, "weight_decay(1e-3)")
    n_test = 2000
    counts = {name: n_test // len(plain.data["classes"]) for name in plain.data["classes"]}
    data = {"n_test": n_test, "test_counts": counts, "duplicates": 0, "fixed_test": False}
    return changed(plain, fits=fits, trials=trials, data=data, failures={}, diverged=(), stopped="")


def test_a_calm_record_has_none() -> None:
    assert codes(calm()) <= {"RK010"}  # some arm may be better


def _late(record: Record) -> Record:
    arm = list(record.arms)[1]
    fits = tuple(
        dataclasses.replace(fit, best_epoch=fit.epochs if fit.arm == arm else fit.best_epoch)
        for fit in record.fits
    )
    return changed(record, fits=fits)


def _poor(record: Record) -> Record:
    k = len(record.data["classes"])
    fits = tuple(
        dataclasses.replace(fit, test=fit.test | {"accuracy": 1 / k}) for fit in record.fits
    )
    return changed(record, fits=fits)


def _imbalanced(record: Record) -> Record:
    """Half of the test examples are of one class of ten, and 55 % are recognized."""
    n = record.data["n_test"]
    first, *others = record.data["classes"]
    counts = {first: n // 2} | dict.fromkeys(others, n // 2 // len(others))
    fits = tuple(
        dataclasses.replace(fit, test=fit.test | {"accuracy": 0.55}) for fit in record.fits
    )
    return changed(record, fits=fits, data={"test_counts": counts})


def _at_an_end(record: Record) -> Record:
    return changed(record, trials=_best(record, "weight_decay(0.01)"))


CASES = {
    "RK001": lambda one: changed(one, failures={list(one.arms)[1]: "ValueError: no (split 1)"}),
    "RK002": lambda one: changed(one, stopped="interrupted"),
    "RK003": lambda one: changed(one, fits=tuple(f for f in one.fits if f.split < 4)),
    "RK004": lambda one: changed(
        one, data={"test_counts": one.data["test_counts"] | {one.data["classes"][0]: 29}}
    ),
    "RK006": _late,
    "RK007": lambda one: changed(one, data={"n_test": 999}),
    "RK008": lambda one: changed(one, data={"duplicates": 21}),
    "RK009": _poor,
    "RK011": _imbalanced,
    "RK012": _at_an_end,
}


@pytest.mark.parametrize("code", CASES)
def test_each_is_given_where_it_should_be(code: str) -> None:
    assert code not in codes(calm())
    assert code in codes(CASES[code](calm()))


def test_classes_of_very_unlike_size_are_named_however_good_the_baseline() -> None:
    record = calm()
    first, *_ = record.data["classes"]
    rare = changed(record, data={"test_counts": record.data["test_counts"] | {first: 20}})
    said = {one.code: one.text for one in cautions(rare, summarize(rare))}["RK011"]
    assert "1.0 % of class 0" in said
    assert "its balanced accuracy is 8" in said


def test_it_is_not_said_where_another_measure_decides() -> None:
    asked = changed(_imbalanced(calm()), settings={"measure": "balanced_accuracy"})
    assert "RK011" not in codes(asked)


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "There is 1 pair, from which nothing can be concluded."),
        (2, "There are 2 pairs: only effects of more than 14 standard deviations"),
        (5, "There are 5 pairs: only effects of more than 2.5 standard deviations"),
    ],
)
def test_few_pairs_find_only_large_effects(n: int, said: str) -> None:
    record = changed(calm(), fits=tuple(f for f in calm().fits if f.split < n))
    record = changed(record, data={"n_test": 360})
    text = {one.code: one.text for one in cautions(record, summarize(record))}["RK003"]
    assert text.startswith(said)


def test_a_difference_that_cannot_be_is_not_offered() -> None:
    for noise, impossible in ((0.001, False), (0.2, True)):
        record = records.record(n_splits=2, noise=noise)
        sure = how_sure(record, summarize(record))
        assert ("No difference in accuracy is likely" in sure) == impossible
        assert sure.count(" points") == 1
        assert "nats are found four times in five" in sure


def _gained(record: Record, points: float) -> Record:
    """One arm ahead by about so many points, the others equal to the baseline."""
    ahead = list(record.arms)[1]
    base = {(f.split, f.seed): f.test["accuracy"] for f in record.of(record.baseline)}

    def accuracy(fit: Fit) -> float:
        gain = points / 100 * (1 + 0.01 * fit.split) if fit.arm == ahead else 0.0
        return base[fit.split, fit.seed] + gain

    fits = tuple(
        dataclasses.replace(fit, test=fit.test | {"accuracy": accuracy(fit)}) for fit in record.fits
    )
    return changed(record, fits=fits)


def test_a_gain_within_the_test_sets_own_error() -> None:
    fixed = changed(calm(), data={"fixed_test": True, "n_test": 400})
    assert "RK005" in codes(_gained(fixed, 0.7))
    assert "RK005" not in codes(_gained(fixed, 9.0))
    assert {"RK005", "RK010"} & codes(_gained(calm(), 0.7)) == {"RK010"}


def test_every_code_has_a_title_a_check_and_a_page() -> None:
    assert list(TITLES) == list(ADVICE) == list(CHECKS) == sorted(TITLES)
    assert {*CASES, "RK005", "RK010"} == set(TITLES)
    nav = (ROOT / "mkdocs.yml").read_text()
    for code, title in TITLES.items():
        page = (ROOT / "docs" / "warnings" / f"{code}.md").read_text()
        assert page.startswith(f"# {code}: {title}\n")
        assert re.search(rf"{code}: warnings/{code}\.md", nav)
