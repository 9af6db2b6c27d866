"""The report's page: the results within it, of one data set and of several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regkit.comparison import analysis, results
from regkit.comparison.page import rendering
from tests.comparison.pages import FEW, SECTIONS, embedded, headings, pages, words
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free


def test_the_results_are_those_of_the_file(usual: str, tmp_path: Path) -> None:
    given = record()
    results.write(given, tmp_path / "results.json", analysis.summarize(given))
    assert embedded(usual) == json.loads((tmp_path / "results.json").read_text())


def test_the_results_can_be_read_again(usual: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(embedded(usual)))
    again = results.read(tmp_path / "results.json")
    assert [one.verdicts for one in analysis.summarize(again)] == [
        one.verdicts for one in analysis.summarize(record())
    ]


def test_curves_are_left_out_where_the_page_would_be_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = pages(record(arms=FEW))
    monkeypatch.setattr(rendering, "LIMIT", len(whole.encode()) - 10_000)
    text = pages(record(arms=FEW))
    assert all(fit["curves"] == {} for fit in embedded(text)["fits"])
    assert "every fit but its learning curves" in words(text)
    assert text.count("<figure>") == whole.count("<figure>")


def test_results_are_left_out_where_that_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "LIMIT", 1000)
    text = pages(record(arms=FEW, n_splits=2, epochs=2))
    assert '<script type="application/json"' not in text
    assert "results.json, written beside it, has every fit" in words(text)


# -- several data sets -----------------------------------------------------------------------


def test_several_begin_with_an_overview(several: str) -> None:
    found = headings(several)
    assert found[:2] == [(1, "2 recipes against the baseline on 3 data sets"), (2, "Overview")]
    assert [said for level, said in found if level == 2] == ["Overview", "digits", "wine", "iris"]
    assert [said for level, said in found if level == 3] == SECTIONS * 3
    assert "Over 3 data sets nothing can be concluded" in words(several)
    assert "Ranks over 3 data sets" in words(several)


def test_each_has_its_results(several: str) -> None:
    for name, data in (("results", "digits"), ("results-2", "wine"), ("results-3", "iris")):
        assert embedded(several, name)["data"]["name"] == data


def test_several_without_ranks() -> None:
    text = pages(record(arms=FEW, n_splits=2, epochs=2), record(arms=FEW, n_splits=2, name="wine"))
    assert "Overview" in text
    assert "mean rank" not in words(text)
    assert "What was found on each of them" in words(text)
