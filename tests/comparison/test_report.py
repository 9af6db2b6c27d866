"""`Comparison`: what it hands out, without training anything."""

from __future__ import annotations

import dataclasses
import importlib
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from regkit.comparison import figures
from regkit.comparison.record import results
from regkit.comparison.report import Comparison
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free

FOUND = Comparison(record(arms=["dropout(0.5)", "early_stopping"], n_splits=4, epochs=5))
CHOOSING = Comparison(record(arms=["dropout(0.3|0.5)"], n_splits=4, epochs=5))


@pytest.fixture
def no_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = importlib.import_module

    def import_module(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ModuleNotFoundError(name)
        return plain(name, *rest)

    monkeypatch.setattr(importlib, "import_module", import_module)


@pytest.mark.usefixtures("no_pandas")
def test_the_table_without_pandas() -> None:
    rows = FOUND.table()
    assert len(rows) == 3 * 5  # arms × measures
    first, other = rows[0], rows[-5]
    assert (first["arm"], first["measure"], first["difference"]) == ("baseline", "accuracy", None)
    outcome = FOUND.summaries[-1].outcomes["accuracy"]
    assert outcome.difference is not None
    assert outcome.p_practical is not None
    assert other == {
        "arm": "early_stopping",
        "recipe": "early_stopping",
        "measure": "accuracy",
        "unit": "points",
        "mean": outcome.mean,
        "difference": outcome.difference.mean,
        "low": outcome.difference.low,
        "high": outcome.difference.high,
        "p_better": outcome.p_better,
        "p_equivalent": outcome.p_practical[1],
        "p": outcome.p_adjusted,
        "verdict": outcome.verdict,
        "evidence": outcome.evidence,
        "gap": FOUND.summaries[-1].gap,
        "cost": FOUND.summaries[-1].cost,
        "best_epoch": FOUND.summaries[-1].best_epoch,
        "peak_memory": FOUND.summaries[-1].peak_memory,
        "sparsity": 0.0,
    }


def test_the_table_with_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = types.ModuleType("pandas")
    stand_in.DataFrame = lambda rows: ("a frame of", len(rows))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    assert FOUND.table() == ("a frame of", 15)


def test_the_table_in_pandas_itself() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed, and need not be")
    frame = FOUND.table()
    assert frame.shape == (15, 18)
    assert frame.query("arm == 'early_stopping' and measure == 'NLL'")["verdict"].item()


@pytest.mark.parametrize("kind", figures.FIGURES)
def test_plot(kind: str) -> None:
    assert isinstance(CHOOSING.plot(kind), Figure)


def test_plot_is_the_forest_plot_unless_asked_otherwise() -> None:
    said = FOUND.plot().get_suptitle()
    assert "corrected 95 % intervals over 4 splits" in " ".join(said.split())


def test_an_unknown_kind_of_plot() -> None:
    with pytest.raises(ValueError, match=r"no figure 'forrest'; there are forest, curves, dots, "
                       r"reliability, cost, alternatives; did you mean 'forest'\?"):  # fmt: skip
        FOUND.plot("forrest")


def test_plot_leaves_the_settings_of_matplotlib_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    FOUND.plot()
    assert dict(matplotlib.rcParams) == before


def test_pages_are_returned_and_written(tmp_path: Path) -> None:
    text = FOUND.to_html(tmp_path / "page.html")
    assert text.startswith("<!doctype html>")
    assert (tmp_path / "page.html").read_text("utf-8") == text
    assert FOUND.to_html() == text


def test_in_a_notebook_it_shows_itself() -> None:
    shown = FOUND._repr_html_()
    assert "better than the baseline" in shown
    assert "<script" not in shown
    assert shown.count("<table>") == 2
    assert shown.count("<svg") == 1


def test_styles_of_a_fragment_stay_within_it() -> None:
    style = FOUND._repr_html_().split("<style>")[1].split("</style>")[0]
    rules = [line for line in style.splitlines() if "{" in line]
    assert rules
    assert all(line.startswith(".regkit-result") for line in rules)


def test_saved_files(tmp_path: Path) -> None:
    paths = FOUND.save(tmp_path / "new")
    assert [path.name for path in paths] == list(results.FILES)
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(results.FILES)
    assert all(path.stat().st_size > 5000 for path in paths)
    assert Comparison.load(paths[0]).to_html()
    with pytest.raises(ValueError, match="already holds"):
        FOUND.save(tmp_path / "new")
    FOUND.save(tmp_path / "new", force=True)


@pytest.mark.parametrize("given", [{"task": "regression"}, {"arms": ["l2"], "without": ["l2"]}])
def test_everything_can_be_saved(given: dict[str, Any], tmp_path: Path) -> None:
    paths = Comparison(record(n_splits=2, epochs=3, **given)).save(tmp_path)
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize(
    ("changes", "failed", "interrupted"),
    [
        ({}, False, False),
        ({"stopped": "interrupted"}, False, True),
        ({"stopped": "the baseline failed: late"}, True, False),
        ({"failures": {"l2": "bad luck"}}, True, False),
    ],
)
def test_how_it_ended(changes: dict[str, Any], failed: bool, interrupted: bool) -> None:
    found = Comparison(dataclasses.replace(FOUND.record, **changes))
    assert (found.failed, found.interrupted) == (failed, interrupted)
