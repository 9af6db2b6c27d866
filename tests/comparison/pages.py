"""Pages of records that never ran, and what there is to read in them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from regkit.comparison import page
from regkit.comparison.record.results import Record
from regkit.comparison.statistics import analysis
from regkit.comparison.statistics.ranks import rank
from tests.comparison.records import EFFECTS, record

FEW = ("l2(1e-3)", "dropout(0.5)")
VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}


SECTIONS = [
    "Differences to the baseline",
    "All numbers",
    "Warnings",
    "Alternatives",
    "Split by split",
    "Learning curves",
    "Reliability",
    "Cost against benefit",
    "How it was done",
    "How to reproduce it",
    "Raw results",
]


def pages(given: Record) -> str:
    return page.render(given, analysis.summarize(given))


def of_several() -> str:
    names = ("digits", "wine", "iris")
    found = [record(arms=FEW, name=name, n_splits=3, epochs=3) for name in names]
    scores = {arm: [0.9 + EFFECTS[arm][0] + k / 100 for k in range(3)] for arm in FEW}
    ranking = rank({"baseline": [0.9, 0.91, 0.92], **scores}, "baseline")
    addresses = [f"{name}/report.html" for name in names]
    return page.overview([(one, analysis.summarize(one)) for one in found], addresses, ranking)


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


def headings(text: str) -> list[tuple[int, str]]:
    found = re.findall(r"<h([1-6])[^>]*>(.*?)</h\1>", text, re.DOTALL)
    return [(int(level), said) for level, said in found]


def embedded(text: str, name: str = "results") -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text)
    assert found
    return json.loads(found[1])
