"""A study of groups that is stopped or killed goes on to the same end; it loses a group at most."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.fits.worker import Worker
from regkit.comparison.record.results import JOURNAL, Fit
from regkit.comparison.run import compare
from tests.comparison.small import DATA, TOGETHER, drawing_network
from tests.comparison.test_resume import bits, copied, lines

RECIPES = ["l2(0.01)", "dropout(0.2) + label_smoothing"]
# Six fits an arm in groups of four: one of four, one of two that is padded.
OPTIONS = TOGETHER | {"group_size": 4}
NONE_GIVEN = TOGETHER | {"group_size": None}


once = pytest.mark.backend_free  # what is read and written does not depend on the backend


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Fit], Path]:
    folder = tmp_path_factory.mktemp("whole") / "out"
    return bits(compare(drawing_network, DATA, RECIPES, output=folder, **OPTIONS)), folder


def counted_units(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    units: list[Any] = []
    plain = Worker.unit
    monkeypatch.setattr(Worker, "unit", lambda self, unit: units.append(unit) or plain(self, unit))
    return units


@pytest.mark.parametrize(
    ("count", "left"),
    [
        pytest.param(0, 6, marks=once),
        (4, 5),
        pytest.param(6, 5, marks=once),
        pytest.param(18, 0, marks=once),
    ],
)
def test_resumed_it_ends_the_same(
    whole: tuple[list[Fit], Path], tmp_path: Path, count: int, left: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The size of groups is the study's, where none is given; a torn group is trained again."""
    folder = copied(whole, tmp_path / "out", count)
    units = counted_units(monkeypatch)
    options = {**NONE_GIVEN, "output": folder, "resume": True}
    assert bits(compare(drawing_network, DATA, RECIPES, **options)) == whole[0]
    assert len(units) == left
    assert all(unit.size == 4 for unit in units)
    assert len(lines(folder)) == 19


def test_interrupted_after_the_first_group(
    whole: tuple[list[Fit], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, plain, units = tmp_path / "out", Worker.unit, []

    def unit(self: Worker, given: Any) -> Any:
        units.append(given)
        if len(units) == 2:
            raise KeyboardInterrupt
        return plain(self, given)

    monkeypatch.setattr(Worker, "unit", unit)
    found = compare(drawing_network, DATA, RECIPES, output=folder, **OPTIONS)
    assert found.record.stopped == "interrupted"
    assert len(found.record.fits) == 4
    monkeypatch.undo()
    options = {**OPTIONS, "output": folder, "resume": True}
    assert bits(compare(drawing_network, DATA, RECIPES, **options)) == whole[0]


def test_an_interrupt_before_anything_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "alone", interrupt)
    with pytest.raises(KeyboardInterrupt):
        compare(drawing_network, DATA, RECIPES, **OPTIONS)


@once
def test_more_splits_and_arms_are_added(whole: tuple[list[Fit], Path], tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "out", 18)
    more = [*RECIPES, "gaussian_noise(0.3)"]
    options = NONE_GIVEN | {"splits": 4}
    found = compare(drawing_network, DATA, more, output=folder, resume=True, **options)
    fresh = compare(drawing_network, DATA, more, **OPTIONS | {"splits": 4})
    assert bits(found) == bits(fresh)
    assert {repr(fit) for fit in whole[0]} <= {repr(fit) for fit in bits(found)}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group_size": 3}, "group_size was 4, is 3"),
        ({"engine": "sequential"}, "engine was .*vectorized.*, is .*sequential"),
    ],
)
@once
def test_another_size_or_engine_is_another_study(
    whole: tuple[list[Fit], Path], tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    folder = copied(whole, tmp_path / "out", 4)
    with pytest.raises(ValueError, match=f"of another study: {said}"):
        compare(drawing_network, DATA, RECIPES, output=folder, resume=True, **OPTIONS | options)


@once
def test_the_cost_is_not_measured_again(
    whole: tuple[list[Fit], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(whole, tmp_path / "out", 4)
    timed, plain = [], Worker.alone
    monkeypatch.setattr(Worker, "alone", lambda self, t: timed.append(t.arm) or plain(self, t))
    compare(drawing_network, DATA, RECIPES, output=folder, resume=True, **OPTIONS)
    done = json.loads(lines(folder)[1])["fit"]["arm"]
    assert len(timed) == 2
    assert done not in timed
    rows = [json.loads(line)["fit"] for line in (folder / JOURNAL).read_text().splitlines()[1:]]
    assert len({row["epoch_seconds"] for row in rows if row["arm"] == done}) == 1
