"""A study of arms with alternatives that is resumed, or in which something goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.fits import fitting, worker
from regkit.comparison.record.results import JOURNAL, Record
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.comparison.words.choice_text import how_chosen
from tests.comparison.small import BY_THEMSELVES, DATA, TOGETHER, drawing_network, network
from tests.comparison.test_alternatives import ARM, OPTIONS, RECIPES, once

Whole = tuple[Comparison, Path]
ENGINES = [
    pytest.param(TOGETHER, id="together"),
    pytest.param(BY_THEMSELVES, id="alone", marks=once),
]
COUNTS = [
    pytest.param(0, marks=once),
    5,
    pytest.param(11, marks=once),
    pytest.param(14, marks=once),
]


def facts(record: Record) -> list[tuple[Any, ...]]:
    """What a record says, without times."""
    return [(f.arm, f.recipe, f.split, f.seed, f.best_epoch, f.test) for f in record.fits]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", COUNTS)
def test_resumed_it_ends_the_same(
    engine: dict[str, Any], count: int, whole: Callable[[dict[str, Any]], Whole], tmp_path: Path
) -> None:
    """Whether trials are missing, or fits of what was chosen, or nothing."""
    options = engine | OPTIONS | {"seeds": 1}
    before, folder = whole(engine)
    rows = (folder / JOURNAL).read_text().splitlines(keepends=True)
    assert len(rows) == 1 + 3 * 5
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / JOURNAL).write_text("".join(rows[: 1 + count]))
    found = compare(
        drawing_network, DATA, [ARM], output=tmp_path / "cut", resume=True, **options
    ).record
    assert facts(found) == facts(before.record)
    assert found.trials == before.record.trials


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Whole]:
    """What gives the comparison by an engine, made once, and its folder."""
    made: dict[str, Whole] = {}

    def of(engine: dict[str, Any]) -> Whole:
        name = engine.get("engine", "vectorized")
        if name not in made:
            folder = tmp_path_factory.mktemp(name) / "whole"
            options = engine | OPTIONS | {"seeds": 1}
            made[name] = compare(drawing_network, DATA, [ARM], output=folder, **options), folder
        return made[name]

    return of


@once
def test_results_are_written_and_read(whole: Callable[[dict[str, Any]], Whole]) -> None:
    before, folder = whole(BY_THEMSELVES)
    found = Comparison.load(folder / "results.json")
    assert found.record.alternatives == before.record.alternatives
    assert [(t.recipe, t.split) for t in found.record.trials] == [
        (t.recipe, t.split) for t in before.record.trials
    ]
    assert str(found) == str(before)


@once
def test_more_alternatives_of_a_named_arm_leave_what_is_done(tmp_path: Path) -> None:
    """But a fit of what would be chosen no more does not count."""
    options = BY_THEMSELVES | OPTIONS | {"seeds": 1}
    out = tmp_path / "out"
    compare(network, DATA, {"noise": "gaussian_noise(2|5)"}, output=out, **options)
    found = compare(network, DATA, {"noise": ARM}, output=out, resume=True, **options).record
    fresh = compare(network, DATA, {"noise": ARM}, **options).record
    assert facts(found) == facts(fresh)
    rows = [json.loads(row) for row in (out / JOURNAL).read_text().splitlines()[1:]]
    tried = [row["trial"]["recipe"] for row in rows if "trial" in row]
    assert sorted(tried) == sorted([*RECIPES] * 3)


@pytest.mark.parametrize("options", ENGINES)
def test_one_that_diverges_is_not_chosen_and_its_arm_stays(options: dict[str, Any]) -> None:
    found = compare(network, DATA, ["gaussian_noise(0.1|1e38)"], **options | OPTIONS | {"seeds": 1})
    record = found.record
    assert not record.failures
    assert {fit.recipe for fit in record.of("gaussian_noise(0.1|1e38)")} == {"gaussian_noise(0.1)"}
    lost = [trial for trial in record.trials if not trial.validation]
    assert [trial.recipe for trial in lost] == ["gaussian_noise(1e38)"] * 3
    assert "gaussian_noise(1e38) diverged in 3" in " ".join(found.text.split())
    assert "diverged" in str(found)
    found.to_html()


@pytest.mark.parametrize("options", ENGINES)
def test_where_all_diverge_the_arm_has_failed(options: dict[str, Any]) -> None:
    arm = "gaussian_noise(1e37|1e38)"
    record = compare(network, DATA, [arm, "l2"], **options | OPTIONS | {"seeds": 1}).record
    assert record.diverged == (arm,)
    assert not record.of(arm)
    assert len(record.of("l2(1e-4)")) == 3


@once
def test_what_has_diverged_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on record as any other trial, and with it the fits of what was chosen beside it."""
    options = BY_THEMSELVES | OPTIONS | {"seeds": 1}
    arms, out = ["gaussian_noise(0.1|1e38)", "gaussian_noise(1e37|1e38)"], tmp_path / "out"
    before = compare(network, DATA, arms, output=out, **options).record
    for name in ("fit_arm", "try_alternative"):
        monkeypatch.setattr(worker, name, lambda *_: pytest.fail("trained again"))
    found = compare(network, DATA, arms, output=out, resume=True, **options).record
    assert facts(found) == facts(before)
    assert found.trials == before.trials
    assert found.failures == before.failures
    assert found.diverged == before.diverged == (arms[1],)


@once
def test_a_mistake_in_one_ends_the_arm() -> None:
    arm = "dropout(0.2, layers='nowhere'|None)"
    record = compare(network, DATA, {"lost": arm}, **BY_THEMSELVES | OPTIONS).record
    assert "nowhere" in record.failures["lost"]
    assert not record.of("lost")


@once
def test_stopped_before_all_of_a_split_are_done_nothing_is_chosen_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, count = fitting.trained, [0]

    def trained(*arguments: Any) -> Any:
        count[0] += 1
        if count[0] > 7:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(fitting, "trained", trained)
    record = compare(network, DATA, [ARM], **BY_THEMSELVES | OPTIONS | {"seeds": 1}).record
    assert record.stopped == "interrupted"
    assert len(record.of(ARM)) == 1
    assert {trial.split for trial in record.trials} == {0, 1}
    assert "of 1 split" in " ".join(how_chosen(record).split())
