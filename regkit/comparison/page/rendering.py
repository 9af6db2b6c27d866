"""The page from its template."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from regkit.comparison import figures, verdict_text
from regkit.comparison.analysis import Summary
from regkit.comparison.cautions import ADVICE, TITLES, Caution, cautions
from regkit.comparison.headline import GRADES, headline, over_data_sets
from regkit.comparison.page import facts, pictures, svg, tables
from regkit.comparison.page.embedded import embedded
from regkit.comparison.ranks import Ranking
from regkit.comparison.results import Record

__all__ = ["LIMIT", "Section", "fragment", "render"]

LIMIT = 1_000_000  # bytes of a page, for each data set on it
TEMPLATES = Path(__file__).parent / "templates"
# What of the raw results is in the page, from the most on; the first that keeps the limit.
KEPT = ("everything", "no curves", "nothing")
Found = tuple[Record, list[Summary]]


@dataclass(frozen=True)
class Section:
    """What the page says of one data set.

    Attributes:
        number: From 1; part of the addresses in the page.
        record: What was measured.
        headline: The verdict in one sentence.
        grade: How strong the evidence is.
        cautions: What weakens it.
        pictures: Kind → figure.
        tables: The tables.
        paragraphs: How it was done.
        facts: How to do it again.
    """

    number: int
    record: Record
    headline: str
    grade: str
    cautions: list[Caution]
    pictures: dict[str, pictures.Picture]
    tables: list[tables.Table]
    paragraphs: list[str]
    facts: list[tuple[str, str]]


def render(comparisons: Sequence[Found], ranking: Ranking | None = None) -> str:
    """Return the report of comparisons as an HTML page that needs no other file.

    It has at most 1 MB a data set where that can be: else the learning curves, and then all raw
    results, are left out of what is embedded, and the page says so.

    Args:
        comparisons: (record, summaries) for each data set.
        ranking: The arms' ranks over the data sets.
    """
    sections = [_section(number, *one) for number, one in enumerate(comparisons, 1)]
    style, script = _source("page.css"), _source("page.js")
    said = {
        "sections": sections,
        "title": _title(sections),
        "headline": over_data_sets(ranking) if ranking else _first_sentence(sections),
        "ranking": ranking and pictures.of_ranking(ranking),
        "ranks": ranking and tables.of_ranking(ranking),
        "style": Markup(style),
        "script": Markup(script),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    template = _environment().get_template("page.html")
    for kept in KEPT:
        raw = [embedded(*one, curves=kept == KEPT[0]) for one in comparisons if kept != KEPT[2]]
        text = template.render(**said, raw=raw, kept=kept)
        if len(text.encode()) <= LIMIT * len(sections):
            break
    return text


def fragment(record: Record, summaries: list[Summary]) -> str:
    """Return verdict, tables and forest plot for a notebook: no script, styles of its own only."""
    with figures.style():
        figure = figures.forest_plot(record, summaries, title=False)
        said = headline(record, summaries)
        digest = hashlib.sha256(f"{said}{record.environment}".encode()).hexdigest()[:8]
        forest = svg.inline(figure, f"f{digest}-", said)
    deciding = verdict_text.deciding(record)
    return _environment().get_template("fragment.html").render(
        headline=said,
        grade=verdict_text.grade(record, summaries),
        cautions=cautions(record, summaries),
        tables=[tables.of_measure(measure, record, summaries) for measure in deciding],
        forest=forest,
        style=Markup(_source("fragment.css")),
    )  # fmt: skip


def _section(number: int, record: Record, summaries: list[Summary]) -> Section:
    drawn = pictures.of_record(record, summaries, f"d{number}-")
    done, sure = verdict_text.what_was_done(record), verdict_text.how_sure(record, summaries)
    return Section(
        number=number,
        record=record,
        headline=headline(record, summaries),
        grade=verdict_text.grade(record, summaries),
        cautions=cautions(record, summaries),
        pictures={one.key: one for one in drawn},
        tables=tables.of_record(record, summaries),
        paragraphs=[done, *verdict_text.what_follows(record, summaries), sure],
        facts=facts.facts(record),
    )


def _title(sections: list[Section]) -> str:
    first = sections[0].record
    if len(sections) == 1:
        return facts.title(first)
    return f"{len(first.arms) - 1} recipes against the baseline on {len(sections)} data sets"


def _first_sentence(sections: list[Section]) -> str:
    return sections[0].headline if len(sections) == 1 else "What was found on each of them:"


@cache
def _source(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named: dict[str, Any] = {
        "GRADES": GRADES,
        "TITLES": TITLES,
        "ADVICE": ADVICE,
        "subtitle": facts.subtitle,
    }
    environment.globals.update(named)
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(name: str) -> Markup:
    """Return a name that may be broken where its parts end, and long parts where words end."""
    pieces = []
    for part in re.findall(r"[^(,+/]*[(,+/]*", name):
        pieces += re.findall(r"[^_]*_?", part) if len(part) > 18 else [part]
    return Markup("<wbr>").join(pieces)
