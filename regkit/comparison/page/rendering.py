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
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from regkit.comparison import figures
from regkit.comparison.page import facts, pictures, report_tables, svg
from regkit.comparison.page.embedded import embedded
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.measures import deciding
from regkit.comparison.statistics.ranks import Ranking
from regkit.comparison.words import verdict_text
from regkit.comparison.words.cautions import ADVICE, TITLES, cautions
from regkit.comparison.words.claims import EVIDENCE, claims
from regkit.comparison.words.headline import headline, over_data_sets
from regkit.comparison.words.recommendation import recommendation

__all__ = ["LIMIT", "fragment", "overview", "render"]

LIMIT = 1_000_000  # bytes of the page of a data set
TEMPLATES = Path(__file__).parent / "templates"
# How much of the raw results is in the page: the first of these that keeps the limit.
KEPT = ("everything", "no curves", "nothing")
Contents = tuple[Record, list[Summary]]


@dataclass(frozen=True)
class Listed:
    """A data set on the overview.

    Attributes:
        name: The data's name.
        address: The address of its own page, relative to the overview.
        headline: Its verdict in one sentence.
        recommendation: What to do next.
        cautions: The codes of its warnings.
    """

    name: str
    address: str
    headline: str
    recommendation: str
    cautions: list[str]


def render(record: Record, summaries: list[Summary]) -> str:
    """Return the report of a comparison as an HTML page that needs no other file.

    It has at most 1 MB where that can be: else the learning curves, and then all raw results, are
    left out of what is embedded, and the page says so.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
    """
    said = {
        **_verdict(record, summaries),
        **_around(),
        "title": facts.title(record),
        "eyebrow": facts.subtitle(record),
        "record": record,
        "pictures": {picture.key: picture for picture in pictures.of_record(record, summaries)},
        "tables": report_tables.of_record(record, summaries),
        "paragraphs": verdict_text.paragraphs(record, summaries),
        "facts": facts.facts(record),
    }
    template = _environment().get_template("page.html")
    for kept in KEPT:
        raw = None if kept == KEPT[2] else embedded(record, summaries, curves=kept == KEPT[0])
        text = template.render(**said, raw=raw, kept=kept)
        if len(text.encode()) <= LIMIT:
            break
    return text


def overview(comparisons: Sequence[Contents], addresses: Sequence[str], ranking: Ranking) -> str:
    """Return the page that ranks arms over data sets and leads to a page for each of these.

    Args:
        comparisons: (record, summaries) for each data set.
        addresses: Of their pages, relative to this one.
        ranking: The arms' ranks over the data sets.
    """
    listed = [
        Listed(
            name=record.data["name"],
            address=quote(address),
            headline=headline(record, summaries),
            recommendation=recommendation(record, summaries),
            cautions=sorted({caution.code for caution in cautions(record, summaries)}),
        )
        for (record, summaries), address in zip(comparisons, addresses, strict=True)
    ]
    first = comparisons[0][0]
    return _environment().get_template("overview.html").render(
        **_around(),
        title=f"{len(first.arms) - 1} recipes against the baseline on {len(listed)} data sets",
        eyebrow=facts.subtitle(first),
        headline=over_data_sets(ranking),
        listed=listed,
        picture=pictures.of_ranking(ranking),
        ranks=report_tables.of_ranking(ranking),
        record=first,
    )  # fmt: skip


def _verdict(record: Record, summaries: list[Summary]) -> dict[str, Any]:
    """Return the page's beginning: the verdict with its evidence, and what to do next."""
    return {
        "headline": headline(record, summaries),
        "claims": claims(record, summaries),
        "recommendation": recommendation(record, summaries),
        "cautions": cautions(record, summaries),
    }


def _around() -> dict[str, Any]:
    """Return style and script, and the script's hash, by which the page allows no other."""
    script = _source("page.js")
    return {
        "style": Markup(_source("page.css")),
        "script": Markup(script),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


def fragment(record: Record, summaries: list[Summary]) -> str:
    """Return verdict, tables and forest plot for a notebook: no script, styles of its own only."""
    with figures.style():
        figure = figures.forest_plot(record, summaries, title=False)
        sentence = headline(record, summaries)
        digest = hashlib.sha256(f"{sentence}{record.environment}".encode()).hexdigest()[:8]
        forest = svg.inline(figure, f"f{digest}-", sentence)
    return _environment().get_template("fragment.html").render(
        **_verdict(record, summaries),
        tables=[report_tables.of_measure(m, record, summaries) for m in deciding(record)],
        forest=forest,
        style=Markup(_source("fragment.css")),
    )  # fmt: skip


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
        "EVIDENCE": EVIDENCE,
        "TITLES": TITLES,
        "ADVICE": ADVICE,
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
