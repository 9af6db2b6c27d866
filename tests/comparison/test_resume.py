"""A study that is stopped, killed or runs out of disk goes on to the same end, bit for bit."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import pytest

from regkit.comparison.fits import worker
from regkit.comparison.record.journal import Journal
from regkit.comparison.record.results import JOURNAL, Fit
from regkit.comparison.run import compare
from tests.comparison.small import BY_THEMSELVES as QUICK
from tests.comparison.small import DATA, network

RECIPES = ["l2(0.01)", "dropout(0.2) + label_smoothing"]
TIMES = {"epoch_seconds": 0.0, "seconds": 0.0, "peak_memory": None}


once = pytest.mark.backend_free  # what is read and written does not depend on the backend


def bits(comparison: Any) -> list[Fit]:
    """The fits without what a clock has measured."""
    return [dataclasses.replace(fit, **TIMES) for fit in comparison.record.fits]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Fit], Path]:
    folder = tmp_path_factory.mktemp("whole") / "out"
    return bits(compare(network, DATA, RECIPES, output=folder, **QUICK)), folder


def lines(folder: Path) -> list[str]:
    return (folder / JOURNAL).read_text().splitlines(keepends=True)


def copied(whole: tuple[list[Fit], Path], folder: Path, count: int, torn: str = "") -> Path:
    """A folder as a kill would leave it: `count` fits, and perhaps a part of one more."""
    folder.mkdir()
    (folder / JOURNAL).write_text("".join(lines(whole[1])[: count + 1]) + torn)
    return folder


@pytest.mark.parametrize(
    ("count", "torn"),
    [
        pytest.param(0, "", marks=once),
        (7, ""),
        pytest.param(7, '{"fit": {"arm": "l2(st', marks=once),
        pytest.param(18, "", marks=once),
    ],
)
def test_resumed_it_ends_the_same(
    whole: tuple[list[Fit], Path], tmp_path: Path, count: int, torn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = copied(whole, tmp_path / "out", count, torn)
    fitted = []
    plain = worker.fit_arm
    monkeypatch.setattr(worker, "fit_arm", lambda *a, **k: fitted.append(a) or plain(*a, **k))
    assert bits(compare(network, DATA, RECIPES, output=folder, resume=True, **QUICK)) == whole[0]
    assert len(fitted) == 18 - count
    assert len(lines(folder)) == 19


@once
def test_more_splits_and_arms_are_added(whole: tuple[list[Fit], Path], tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "out", 18)
    options = QUICK | {"splits": 4}
    more = compare(network, DATA, [*RECIPES, "l1"], output=folder, resume=True, **options)
    assert len(more.record.fits) == 4 * 2 * 4
    assert {repr(fit) for fit in whole[0]} <= {repr(fit) for fit in bits(more)}
    fresh = compare(network, DATA, [*RECIPES, "l1"], **options)
    assert bits(more) == bits(fresh)


@once
def test_an_arm_with_another_recipe_is_fitted_again(
    whole: tuple[list[Fit], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    options = QUICK | {"splits": 2, "seeds": 1, "epochs": 1}
    compare(network, DATA, {"mine": "l2(0.1)"}, output=folder, **options)
    again = compare(network, DATA, {"mine": "l2(0.2)"}, output=folder, resume=True, **options)
    fresh = compare(network, DATA, {"mine": "l2(0.2)"}, **options)
    assert bits(again) == bits(fresh)


@once
def test_a_full_disk_keeps_what_is_done(
    whole: tuple[list[Fit], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, count = Journal.add, []

    def full(self: Journal, fit: Fit) -> None:
        count.append(fit)
        if len(count) > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        add(self, fit)

    monkeypatch.setattr(Journal, "add", full)
    folder = tmp_path / "out"
    found = compare(network, DATA, RECIPES, output=folder, **QUICK)
    assert "No space left" in found.record.stopped
    assert "RK002" in found.text
    monkeypatch.undo()
    assert bits(compare(network, DATA, RECIPES, output=folder, resume=True, **QUICK)) == whole[0]


PROGRAM = """
import sys
from regkit.comparison.run import compare
from tests.comparison.small import BY_THEMSELVES as QUICK
from tests.comparison.small import DATA, network
compare(network, DATA, {recipes}, output=sys.argv[1], **QUICK)
"""


def test_killed_it_loses_at_most_the_fit_in_progress(
    whole: tuple[list[Fit], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    code = PROGRAM.format(recipes=RECIPES)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
        stderr=subprocess.DEVNULL,
    )
    for _ in range(1200):
        if (folder / JOURNAL).exists() and len(lines(folder)) > 4:
            break
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 4 < len(lines(folder)) <= 19
    assert bits(compare(network, DATA, RECIPES, output=folder, resume=True, **QUICK)) == whole[0]


# -- what cannot be resumed --------------------------------------------------------------------


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to resume"):
        compare(network, DATA, RECIPES, output=tmp_path, resume=True, **QUICK)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"epochs": 4}, "epochs was 3, is 4"), ({"seed": 1}, "seed was 0, is 1")],
)
@once
def test_another_study(
    whole: tuple[list[Fit], Path], tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    folder = copied(whole, tmp_path / "out", 3)
    before = lines(folder)
    with pytest.raises(ValueError, match=f"of another study: {said}"):
        compare(network, DATA, RECIPES, output=folder, resume=True, **QUICK | options)
    assert lines(folder) == before


@once
def test_other_data(whole: tuple[list[Fit], Path], tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "out", 3)
    with pytest.raises(ValueError, match="of another study: data was"):
        compare(network, (DATA[0] + 1, DATA[1]), RECIPES, output=folder, resume=True, **QUICK)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"recipe": "", "fit": }', "line 3, column 23: no JSON"),
        ("[]", "line 3: not an object"),
        (json.dumps({"fit": {"arm": "baseline", "recipe": ""}}), "line 3: not a fit"),
    ],
)
@once
def test_a_spoilt_line_is_named(
    whole: tuple[list[Fit], Path], tmp_path: Path, line: str, said: str
) -> None:
    folder = copied(whole, tmp_path / "out", 1, line + "\n")
    with pytest.raises(ValueError, match=said):
        compare(network, DATA, RECIPES, output=folder, resume=True, **QUICK)
