"""The report's page: the results within it, and the overview of several data sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regkit.comparison import page
from regkit.comparison.page import rendering
from regkit.comparison.record import results
from regkit.comparison.statistics import analysis
from regkit.comparison.statistics.ranks import rank
from regkit.comparison.words import headline
from regkit.comparison.words.recommendation import recommendation
from tests.comparison.pages import FEW, Elements, embedded, headings, pages, words
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


def test_the_overview_ranks_and_leads_to_a_page_for_each(several: str) -> None:
    assert headings(several) == [
        (1, "2 recipes against the baseline on 3 data sets"),
        (2, "Each data set"),
        (2, "Ranks"),
    ]
    assert "Over 3 data sets nothing can be concluded" in words(several)
    assert "Ranks over 3 data sets" in words(several)
    links = [a["href"] for a in Elements(several).all("a") if not (a["href"] or "").startswith("#")]
    assert links == [f"{name}/report.html" for name in ("digits", "wine", "iris")]
    assert several.count('<tr>\n<th scope="row"><a') == 3


def test_the_overview_has_each_verdict_with_what_to_do_next(several: str) -> None:
    for name in ("digits", "wine", "iris"):
        given = record(arms=FEW, name=name, n_splits=3, epochs=3)
        found = analysis.summarize(given)
        for said in (headline.headline(given, found), recommendation(given, found)):
            assert said in words(several)


def test_an_address_is_quoted() -> None:
    given = record(arms=FEW, n_splits=2, epochs=2)
    ranking = rank({"baseline": [0.1, 0.2], FEW[0]: [0.2, 0.3]}, "baseline")
    text = page.overview([(given, analysis.summarize(given))] * 2, ["a b/x", "#%/x"], ranking)
    links = [a["href"] for a in Elements(text).all("a")]
    assert links[1:] == ["a%20b/x", "%23%25/x"]
