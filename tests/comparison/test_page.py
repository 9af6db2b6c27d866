"""The report's page: complete, by itself, and safe whatever is in a name."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison import analysis, figures, headline, measures, page, results
from regkit.comparison.cautions import ADVICE, cautions
from regkit.comparison.page import rendering, svg, tables
from regkit.comparison.ranks import rank
from regkit.comparison.results import Record
from tests.comparison.records import EFFECTS, record

pytestmark = pytest.mark.backend_free

EVIL = "</script><script>alert(1)</script>"
NAMES = {
    EVIL: (0.03, 0.1, 1.0),
    '"><img src=x onerror=alert(2)>': (0.0, 0.0, 1.0),
    "--><!-- & <b>{{ 7 * 7 }}</b>": (0.0, 0.0, 1.0),
}
FEW = ("l2(strength=0.001)", "dropout(rate=0.5)")
VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}


def pages(*given: Record, ranking: Any = None) -> str:
    return page.render([(one, analysis.summarize(one)) for one in given], ranking)


class Elements(HTMLParser):
    """The elements of a page: (tag, attributes), and its text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def words(text: str) -> str:
    return " ".join(Elements(text).text.split())


@pytest.fixture(scope="module")
def usual() -> str:
    return pages(record())


@pytest.fixture(scope="module")
def several() -> str:
    names = ("digits", "wine", "iris")
    found = [record(arms=FEW, name=name, n_splits=3, epochs=3) for name in names]
    scores = {arm: [0.9 + EFFECTS[arm][0] + k / 100 for k in range(3)] for arm in FEW}
    return pages(*found, ranking=rank({"baseline": [0.9, 0.91, 0.92], **scores}, "baseline"))


@pytest.fixture(scope="module", params=["usual", "several", "evil", "regression", "alone"])
def any_page(request: pytest.FixtureRequest) -> str:
    if request.param in ("usual", "several"):
        return str(request.getfixturevalue(request.param))
    return {
        "evil": lambda: pages(record(arms=NAMES, name=EVIL)),
        "regression": lambda: pages(record(arms=FEW, task="regression")),
        "alone": lambda: pages(record(arms=["l2"], without=["l2"])),
    }[request.param]()


# -- by itself ---------------------------------------------------------------------------------


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


# -- safe --------------------------------------------------------------------------------------


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


# -- complete ----------------------------------------------------------------------------------

SECTIONS = [
    "Warnings",
    "Differences to the baseline",
    "All numbers",
    "Split by split",
    "Learning curves",
    "Reliability",
    "Cost against benefit",
    "How it was done",
    "How to reproduce it",
    "Raw results",
]


def headings(text: str) -> list[tuple[int, str]]:
    found = re.findall(r"<h([1-6])[^>]*>(.*?)</h\1>", text, re.DOTALL)
    return [(int(level), said) for level, said in found]


def test_the_sections_in_their_order(usual: str) -> None:
    assert headings(usual) == [
        (1, "7 recipes against the baseline on digits"),
        *((2, name) for name in SECTIONS),
    ]


def test_headings_leave_no_level_out(any_page: str) -> None:
    levels = [level for level, _ in headings(any_page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_a_regression_has_no_reliability() -> None:
    names = [name for _, name in headings(pages(record(arms=FEW, task="regression")))[1:]]
    assert names == [name for name in SECTIONS if name != "Reliability"]


def test_verdict_and_evidence(usual: str) -> None:
    given = record()
    said = words(usual)
    assert headline.headline(given, analysis.summarize(given)) in said
    assert "Evidence: moderate" in said


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
    assert "None: nothing that is checked (RK001 to RK010) weakens" in words(text)


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
    named = dataclasses.replace(given, arms={"baseline": "", "strong": "l2(strength=0.1)"})
    assert "strong = l2(strength=0.1)" in words(pages(named))


# -- the results within ------------------------------------------------------------------------


def embedded(text: str, name: str = "results") -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text)
    assert found
    return json.loads(found[1])


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


# -- several data sets -------------------------------------------------------------------------


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


# -- the sentence ------------------------------------------------------------------------------


def sentence(**given: Any) -> str:
    made = record(**given)
    return headline.headline(made, analysis.summarize(made))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"arms": {"dropout(0.5)": (0.03, 0.0, 1.0)}, "noise": 0.003},
            r"dropout\(0.5\) is better than the baseline by accuracy: \+[\d.]+ points "
            r"\(95 % interval \+[\d.]+ to \+[\d.]+\)\.",
        ),
        (
            {"arms": {"a": (0.03, 0.1, 1.0), "b": (0.02, 0.1, 1.0), "c": (-0.03, -0.2, 1.0)}},
            r"a is better .*; b is better too; c is worse by accuracy and NLL\.",
        ),
        (
            {"arms": {"a": (0.03, -0.2, 1.0)}},
            r"a is better than the baseline by accuracy: .*\), but worse by NLL\.",
        ),
        (
            {"arms": {"a": (0.0, 0.2, 1.0)}},
            r"a is better than the baseline by NLL: −0.\d\d\d nats \(95 % interval −0.\d+ to −0.\d+\)\.",
        ),
        (
            {"arms": {"a": (0.005, 0.01, 1.0)}, "n_splits": 3, "noise": 0.02, "seed": 1},
            r"Nothing can be concluded for a: accuracy: .* points \(95 % interval .*\)\.",
        ),
        (
            {"arms": {"a": (-0.05, -0.2, 1.0), "b": (-0.05, -0.2, 1.0)}},
            r"No arm is shown to be better than the baseline; 2 arms are worse\.",
        ),
        (
            {"arms": {"a": (0.0, 0.0, 1.0)}, "noise": 0.0},
            r"No arm is shown to be better than the baseline; a is equivalent by accuracy and NLL\.",
        ),
        (
            {"arms": {"a": (0.03, 0.1, 1.0), "b": (0, 0, 1.0)}, "without": ["b"]},
            r"a is better .*; b failed\.",
        ),
        (
            {"arms": ["l2"], "without": ["l2"]},
            r"l2 failed\.",
        ),
        (
            {"arms": {"a": (0.0, 0.0, 1.0)}, "n_splits": 1},
            r"Nothing can be concluded for a: .* from one pair\.",
        ),
        (
            {"arms": {"a": (0.3, 0.3, 1.0)}, "task": "regression"},
            r"a is better than the baseline by RMSE: −[\d.]+ \(95 % interval −[\d.]+ to −[\d.]+\)\.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_in_a_sentence(given: dict[str, Any], said: str) -> None:
    assert re.fullmatch(said, sentence(**given))


def test_ranks_in_a_sentence() -> None:
    scores = {"baseline": [0.5] * 9, "l2": [0.6 + k / 100 for k in range(9)]}
    assert headline.over_data_sets(rank(scores, "baseline")) == (
        "Over 9 data sets, l2 is better than the baseline (Wilcoxon's test, after Holm)."
    )
    equal = {"baseline": [0.5] * 9, "l2": [0.5 + (-1) ** k * k / 100 for k in range(9)]}
    assert "no arm is shown" in headline.over_data_sets(rank(equal, "baseline"))


# -- the parts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (tables._p(0.0001), "< 0.001"),
        (tables._p(0.0456), "0.046"),
        (tables._p(None), ""),
        (tables._share(0.9999), "> 0.99"),
        (tables._share(0.001), "< 0.01"),
        (tables._share(0.5), "0.50"),
    ],
)
def test_cells(cell: tables.Cell, said: str) -> None:
    assert cell.text == said


def test_permutation_is_a_column_where_it_is_valid() -> None:
    assert "p (permutation)" not in pages(record(arms=FEW, n_splits=2, epochs=2))
    assert "p (permutation)" in pages(record(arms=FEW, n_splits=6, epochs=2, fixed_test=True))


def test_small_paths_draw_the_same() -> None:
    assert svg._path("M 0 1 \nL 2 3 \nL 4 5 \nz\n") == "M0 1 2 3 4 5 z"
    assert svg._path("M 0 1 C 1 2 3 4 5 6 C 1 2 3 4 5 6 L 1 2") == (
        "M0 1 C1 2 3 4 5 6 1 2 3 4 5 6 L1 2"
    )


def test_numbers_in_text_are_left_alone() -> None:
    given = record(arms=["l2(strength=0.00012345)"])
    with figures.style():
        figure = figures.forest_plot(given, analysis.summarize(given), width=figures.NARROW)
    assert "strength=0.00012345)</text>" in svg.inline(figure, "a-", "")
