"""`regkit compare`: study files, resuming, several data sets, earlier results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regkit.cli import main
from regkit.comparison.record.results import JOURNAL
from tests.cli.test_cli import said, small_job

STUDY = """
data = ["table.csv"]
model = "mine.py:build"
splits = 2
epochs = 2
batch_size = 8
output = "out"

[arms]
mild = "l2(1e-3)"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    small_job(tmp_path)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def results(study: Path) -> dict[str, object]:
    return dict(json.loads((study.parent / "out" / "results.json").read_text()))


def test_a_study_file(capsys: pytest.CaptureFixture[str], study: Path) -> None:
    code, out, _ = said(capsys, "compare", str(study), "--quiet")
    assert code == 0
    assert "mild" in out
    assert results(study)["arms"] == {"baseline": "", "mild": "l2(1e-3)"}


def test_flags_come_before_the_file(capsys: pytest.CaptureFixture[str], study: Path) -> None:
    assert said(capsys, "compare", str(study), "--quiet", "--splits", "3")[0] == 0
    assert results(study)["settings"]["splits"] == 3  # type: ignore[index]


def test_a_study_goes_on(capsys: pytest.CaptureFixture[str], study: Path) -> None:
    words = ("compare", str(study))
    assert said(capsys, *words, "--quiet")[0] == 0
    whole = results(study)["fits"]
    journal = study.parent / "out" / JOURNAL
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3]))
    code, _, err = said(capsys, *words)
    assert code == 2
    assert "--resume" in err
    code, _, err = said(capsys, *words, "--resume")
    assert code == 0
    assert "resumed: 2 of 4 fits were done" in err
    again = results(study)["fits"]
    for mine, theirs in zip(whole, again, strict=True):  # type: ignore[call-overload]
        assert (mine["arm"], mine["test"]) == (theirs["arm"], theirs["test"])


def test_several_data_sets(capsys: pytest.CaptureFixture[str], study: Path) -> None:
    other = study.parent / "other.csv"
    other.write_text((study.parent / "table.csv").read_text() + "3,1,yes\n")
    words = ["--data", str(study.parent / "table.csv"), "--data", str(other), "--quiet"]
    code, out, _ = said(capsys, "compare", str(study), *words)
    assert code == 0
    assert "mean rank" in out
    assert "Over 2 data sets" in out
    there = {path.name for path in (study.parent / "out").iterdir()}
    assert there == {"report.html", "table.csv", "other.csv"}


def test_against_earlier_results(capsys: pytest.CaptureFixture[str], study: Path) -> None:
    words = ("compare", str(study), "--quiet")
    assert said(capsys, *words, "--splits", "6")[0] == 0
    earlier = study.parent / "out" / "results.json"
    now = ("--splits", "6", "--output", str(study.parent / "now"), "--against", str(earlier))
    code, out, _ = said(capsys, *words, *now)
    assert code == 0
    assert "Against " in out
    document = json.loads(earlier.read_text())
    for fit in document["fits"]:
        fit["test"]["nll"] -= 0.2 + 0.001 * fit["split"]
    earlier.write_text(json.dumps(document))
    code, out, _ = said(capsys, *words, *now, "--force")
    assert code == 3
    assert "worse" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.toml"], "no readable study file"),
        (["l2", "{study}"], "a study file stands alone"),
        (["{study}", "--against", "none.json"], "none.json: no readable results"),
        (["{study}", "--resume"], "nothing to resume"),
        (["{study}", "--jobs", "0"], "jobs must be a whole number of at least 1"),
        (["{study}", "--task", "classify"], "did you mean 'classification'"),
    ],
)
def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], study: Path, words: list[str], message: str
) -> None:
    given = [word.format(study=study) for word in words]
    code, out, err = said(capsys, "compare", *given, "--quiet")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.rstrip().splitlines()) == 1
    assert not (study.parent / "out").exists()


def test_how_a_text_is_read_is_asked_for_and_said(
    capsys: pytest.CaptureFixture[str], study: Path
) -> None:
    """The flags settle what the file does not tell, and the text below the tables repeats it."""
    table = study.parent / "doubt.csv"
    table.write_text("".join(f"{i % 7 + 1},250;{i};{i % 2}\n" for i in range(40)))
    words = ["compare", str(study), "--data", str(table), "--quiet"]
    code, _, err = said(capsys, *words)
    assert code == 2
    assert "--decimal" in err
    flags = ["--decimal", "comma", "--separator", "semicolon", "--header", "no", "--target", "2"]
    code, out, _ = said(capsys, *words, *flags, "--encoding", "utf-8")
    told = " ".join(out.split())
    assert code == 0
    assert "UTF-8, cells separated by semicolon; no header, as asked for: the first row" in told
    assert "decimal commas; labels from column 'column 2'" in told


def test_images_and_labels_in_two_files(
    capsys: pytest.CaptureFixture[str], study: Path, tmp_path: Path
) -> None:
    x, y = tmp_path / "x.npz", tmp_path / "y.npz"
    np.savez(x, np.arange(40.0).reshape(40, 1))
    np.savez(y, np.arange(40) % 2)
    words = ["compare", str(study), "--quiet", "--data", str(x)]
    code, _, err = said(capsys, *words)
    assert code == 2
    assert "--labels FILE" in err
    code, out, _ = said(capsys, *words, "--labels", str(y))
    assert code == 0
    assert "labels: arr_0 in y.npz" in " ".join(out.split())


def test_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["compare", "--help"])
    out = capsys.readouterr().out
    assert all(word in out for word in ("--resume", "--jobs", "study.toml", "130", "3 worse"))
