"""A comparison beside an earlier one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.against import Against, changes
from regkit.comparison.record import results
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from tests.comparison.small import DATA, QUICK, network

pytestmark = pytest.mark.backend_free


@pytest.fixture(scope="module")
def done() -> Comparison:
    return compare(network, DATA, ["l2(0.01)"], **QUICK | {"splits": 8, "seeds": 1, "epochs": 2})


def shifted(done: Comparison, arm: str, accuracy: float) -> results.Record:
    """The record with an arm's test accuracy moved, by a little more in some splits."""
    fits = tuple(
        dataclasses.replace(
            fit,
            test=fit.test | {"accuracy": fit.test["accuracy"] + accuracy * (1 + 0.1 * fit.split)},
        )
        if fit.arm == arm
        else fit
        for fit in done.record.fits
    )
    return dataclasses.replace(done.record, fits=fits)


def verdicts(now: results.Record, before: results.Record) -> dict[tuple[str, str], str]:
    return {(arm, measure.name): verdict for arm, measure, _, verdict in changes(now, before)}


def test_the_same_again_is_equivalent(done: Comparison) -> None:
    assert set(verdicts(done.record, done.record).values()) <= {"equivalent", "cannot conclude"}
    assert all(d.mean == 0 for _, _, d, _ in changes(done.record, done.record))


@pytest.mark.parametrize(("change", "verdict"), [(-0.2, "worse"), (0.2, "better")])
def test_a_change_of_one_arm_is_found(done: Comparison, change: float, verdict: str) -> None:
    found = verdicts(shifted(done, "l2(0.01)", change), done.record)
    assert found["l2(0.01)", "accuracy"] == verdict
    assert found["baseline", "accuracy"] != verdict


def test_it_is_printed_and_tells_whether_worse(
    done: Comparison, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.write(done.record, tmp_path / "results.json")
    worse = Comparison(shifted(done, "baseline", -0.2))
    for path in (tmp_path, tmp_path / "results.json"):
        assert Against(path).show([worse])
        assert not Against(path).show([done])
    assert "baseline, accuracy: -2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": {"epochs": 7}}, "epochs was 2, is 7"),
        ({"data": {"sha256": "0123456789"}}, "the data was arrays"),
        ({"fits": ()}, "no arm has fits in both"),
    ],
)
def test_what_cannot_be_compared(done: Comparison, change: dict[str, Any], said: str) -> None:
    parts = {
        key: getattr(done.record, key) | value if isinstance(value, dict) else value
        for key, value in change.items()
    }
    with pytest.raises(ValueError, match=said):
        changes(dataclasses.replace(done.record, **parts), done.record)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no results\.json in"):
        Against(tmp_path)
    with pytest.raises(ValueError, match="no readable results"):
        Against(tmp_path / "none.json")
