"""The report's page: complete, by itself, and safe whatever is in a name."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import re

import pytest

from regkit.comparison import page
from regkit.comparison.statistics import analysis, measures
from regkit.comparison.words import headline
from regkit.comparison.words.cautions import ADVICE, cautions
from regkit.comparison.words.claims import EVIDENCE, claims
from regkit.comparison.words.recommendation import recommendation
from tests.comparison.pages import FEW, SECTIONS, Elements, embedded, headings, pages, words
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free

EVIL = "</script><script>alert(1)</script>"
NAMES = {
    EVIL: (0.03, 0.1, 1.0),
    '"><img src=x onerror=alert(2)>': (0.0, 0.0, 1.0),
    "--><!-- & <b>{{ 7 * 7 }}</b>": (0.0, 0.0, 1.0),
}


@pytest.fixture(scope="module", params=["usual", "several", "evil", "regression", "alone"])
def any_page(request: pytest.FixtureRequest) -> str:
    if request.param in ("usual", "several"):
        return str(request.getfixturevalue(request.param))
    return {
        "evil": lambda: pages(record(arms=NAMES, name=EVIL)),
        "regression": lambda: pages(record(arms=FEW, task="regression")),
        "alone": lambda: pages(record(arms=["l2"], without=["l2"])),
    }[request.param]()


# -- by itself -------------------------------------------------------------------------------


def test_nothing_is_fetched(any_page: str) -> None:
    for tag, attributes in Elements(any_page).found:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            address = attributes.get(name) or ""
            assert not re.match(r"(https?:)?//", address), (tag, address)
    assert "@import" not in any_page
    assert not re.search(r"url\((?!#)", any_page)


def test_every_element_is_closed_and_every_id_is_one_of_a_kind(any_page: str) -> None:
    elements = Elements(any_page)
    assert elements.open == []
    ids = [a["id"] for _, a in elements.found if "id" in a]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere(any_page: str) -> None:
    elements = Elements(any_page)
    ids = {a["id"] for _, a in elements.found if "id" in a}
    for _, attributes in elements.found:
        for name in ("href", "aria-labelledby"):
            for word in (attributes.get(name) or "").split():
                if word.startswith("#") or name != "href":
                    assert word.removeprefix("#") in ids
        for word in re.findall(r"url\(#([^)]+)\)", " ".join(v or "" for v in attributes.values())):
            assert word in ids


def test_the_largest_usual_comparison_stays_below_a_megabyte() -> None:
    """8 arms × 10 splits × 80 epochs, with all of its curves."""
    text = pages(record(n_splits=10, epochs=80))
    assert len(text.encode()) < page.LIMIT == 1_000_000
    assert all(fit["curves"]["val_nll"] for fit in embedded(text)["fits"])


def test_only_our_script_may_run(any_page: str) -> None:
    policy = next(a["content"] for a in Elements(any_page).all("meta") if "http-equiv" in a)
    script = re.search(r"<script>(.*?)</script>", any_page, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert policy
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}';" in policy


# -- safe ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evil() -> str:
    return pages(record(arms=NAMES, name=EVIL))


def test_a_name_is_a_name_and_nothing_else(evil: str) -> None:
    elements = Elements(evil)
    kinds = [a.get("type") for a in elements.all("script")]
    assert kinds == ["application/json", None]
    assert not elements.all("img")
    assert not any(name.startswith("on") for _, a in elements.found for name in a)
    for name in NAMES:
        assert name in elements.text
    drawn = [a["aria-label"] or "" for a in elements.all("svg") if "aria-label" in a]
    assert all(EVIL in one for one in drawn)


def test_a_name_is_whole_in_the_results(evil: str) -> None:
    assert set(embedded(evil)["arms"]) == {"baseline", *NAMES}


def test_a_fragment_is_safe_too() -> None:
    given = record(arms=NAMES, name=EVIL)
    elements = Elements(page.fragment(given, analysis.summarize(given)))
    assert elements.open == []
    assert not elements.all("script")
    assert not elements.all("img")
    assert all(name in elements.text for name in NAMES)


# -- complete --------------------------------------------------------------------------------


def test_the_sections_in_their_order(usual: str) -> None:
    assert headings(usual) == [
        (1, "8 recipes against the baseline on digits"),
        *((2, name) for name in SECTIONS),
    ]


def test_headings_leave_no_level_out(any_page: str) -> None:
    levels = [level for level, _ in headings(any_page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_a_regression_has_no_reliability() -> None:
    names = [name for _, name in headings(pages(record(arms=FEW, task="regression")))[1:]]
    assert names == [name for name in SECTIONS if name not in ("Reliability", "Alternatives")]


def test_verdict_and_evidence(usual: str) -> None:
    given = record()
    said = words(usual)
    assert headline.headline(given, analysis.summarize(given)) in said
    for one in claims(given, analysis.summarize(given)):
        assert f"{one.label} is {one.verdict} by {one.size} {one.evidence} evidence" in said
        assert f"{one.evidence}: {EVIDENCE[one.evidence]}" in said
    assert recommendation(given, analysis.summarize(given)) in said
    assert "Evidence:" not in said


def test_every_warning_with_what_to_do(usual: str) -> None:
    given = record()
    found = cautions(given, analysis.summarize(given))
    assert found
    for one in found:
        assert one.text in words(usual)
        assert f"What to do: {ADVICE[one.code]}" in words(usual)
    assert "docs/warnings" not in usual


def test_no_warning_is_said_too(usual: str) -> None:
    arms = {"l2": (0.05, 0.2, 1.0)}
    text = pages(record(arms=arms, epochs=40, data={**record().data, "n_test": 4000}))
    assert "None: nothing that is checked (RK001 to RK012) weakens" in words(text)


def test_verdict_figure_and_table_come_before_the_warnings(usual: str) -> None:
    said = words(usual)
    places = [said.index(part) for part in ("better than the baseline by", "What to do next",
              "corrected 95 % interval", "By accuracy (", "Warnings RK")]  # fmt: skip
    assert places == sorted(places)


def test_figures_for_both_widths_with_text_instead(any_page: str) -> None:
    drawn = [a for a in Elements(any_page).all("svg") if a.get("role") == "img"]
    assert all(a["aria-label"] for a in drawn)
    assert any_page.count('class="wide"') == any_page.count('class="narrow"') == len(drawn) / 2
    assert any_page.count("<figure>") == any_page.count("<figcaption>") == len(drawn) / 2


def test_figures_take_their_colours_from_the_page(any_page: str) -> None:
    for one in re.findall(r'<svg viewBox[^>]*role="img".*?</svg>', any_page, re.DOTALL):
        tags = "".join(re.findall(r'style="[^"]*"', one))
        assert not re.findall(r"#[0-9a-f]{3,6}\b", tags)
        assert not re.findall(r"\b(?:black|white)\b", tags)


def test_tables_have_heads_for_all_cells(any_page: str) -> None:
    heads = Elements(any_page).all("th")
    assert heads
    assert all(a.get("scope") in ("col", "row") for a in heads)
    assert any_page.count("<table") == any_page.count("<caption>")


def test_the_tables_have_every_number(usual: str) -> None:
    given = record()
    said = words(usual)
    for one in analysis.summarize(given):
        assert f"{one.gap:.1f}" in said
        for measure in measures.of_record(given):
            outcome = one.outcomes[measure.name]
            assert f"{outcome.mean:.{measure.digits}f}" in said
            if d := outcome.difference:
                interval = f"{d.low:+z.{measure.digits}f} to {d.high:+z.{measure.digits}f}"
                assert interval.replace("-", "−") in said


def test_what_it_takes_to_do_it_again(usual: str) -> None:
    given, said = record(), words(usual)
    at = given.environment
    for part in (at["command"], given.data["sha256"], at["machine"], "3 min 7 s", "root seed 0",
                 "torch 2.9.0", "151,306 parameters"):  # fmt: skip
        assert part in said


def test_own_names_are_resolved() -> None:
    given = record(arms=["strong"])
    named = dataclasses.replace(given, arms={"baseline": "", "strong": "l2(0.1)"})
    assert "strong = l2(0.1)" in words(pages(named))
