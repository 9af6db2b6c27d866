"""Rows, lists and pages about techniques, in Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from regkit.core import options
from regkit.core.recipe.writer import text_under
from regkit.core.registry.describing import describe
from regkit.core.technique import Technique
from regkit.core.words import number
from tools.declared import Chapter, Declared

__all__ = ["chapter", "layers", "overview", "page", "reference"]

_SOURCE = re.compile(r"[A-Z][^\d]*\b\d{4}\b")  # the authors and the year, before the title
_TEXTBOOK = "Deep Learning"  # which every chapter names among its sources


def overview(chapters: Iterable[Chapter], folder: str, page: str) -> list[str]:
    """Return the table of chapters with the names of their techniques.

    Args:
        chapters: The chapters.
        folder: Where the chapters' folders are, seen from the page that holds the table.
        page: Where a technique's page is, with `{name}` in it; empty where names are no links.
    """
    lines = ["| chapter | techniques |", "|---|---|"]
    for each in chapters:
        names = [
            f"[`{technique.cls.__name__}`]({page.format(name=technique.name)})"
            if page
            else f"`{technique.cls.__name__}`"
            for technique in each.techniques
        ]
        lines.append(f"| [{each.title}]({folder}/{each.name}/README.md) | {', '.join(names)} |")
    return lines


def chapter(techniques: Iterable[Declared]) -> list[str]:
    """Return the table of a chapter's page."""
    lines = ["| class | name in a recipe | what it does | source |", "|---|---|---|---|"]
    for each in techniques:
        cells = (
            f"[`{_call(each.cls)}`]({each.file.name})",
            f"`{each.name}`",
            each.doc.summary,
            "; ".join(_sources(each)),
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return lines


def reference(chapters: Iterable[Chapter]) -> list[str]:
    """Return the list of all techniques, by chapter, with links to their pages."""
    lines = []
    for each in chapters:
        lines += [f"## [{each.title}](../../regkit/techniques/{each.name}/README.md)", ""]
        lines += [
            f"- [`{technique.cls.__name__}`](../techniques/{technique.name}.md): "
            f"{technique.doc.summary}"
            for technique in each.techniques
        ]
        lines.append("")
    return lines[:-1]


def layers(declared: Iterable[Declared]) -> list[str]:
    """Return the blocks from which the site makes the layers' documentation."""
    left_out = ("^_", "^call$", "^build$", "^compute_output_shape$", "^get_config$")
    return [line for each in declared for line in _block(each, each.cls.__name__, left_out)]


def page(technique: Declared, chapter: str) -> str:
    """Return a technique's page on the site; the site adds the docstrings."""
    cls = technique.cls
    assert issubclass(cls, Technique)
    facts = {
        "chapter": f"[{chapter}](../../regkit/techniques/{technique.chapter}/README.md)",
        "in a recipe": f"`{_recipe(technique)}`",
        "stages": ", ".join(describe(cls, "technique").stages),
        "phases": ", ".join(_phases(cls)),
        "needs of the data": ", ".join(cls.needs),
        "tried by default": ", ".join(f"`{arm}`" for arm in cls.default_arms),
        "also found as": ", ".join(cls.search_words),
    }
    lines = [
        f"# {cls.__name__}",  # first, so that the site takes it as the title
        "",
        "<!-- `make tables` writes this page from the class. -->",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {_cell(text)} |" for name, text in facts.items() if text),
        "",
        *_block(technique, cls.__name__, ("^_", "^on_", "host_state$")),
    ]
    for function in technique.functions:
        lines += _block(technique, function)
    return "\n".join([*lines, ""])


def _block(declared: Declared, name: str, left_out: tuple[str, ...] = ()) -> Iterator[str]:
    yield f"::: {declared.module}.{name}"
    if left_out:
        filters = ", ".join(f'"!{pattern}"' for pattern in left_out)
        yield from ("    options:", f"      filters: [{filters}]")


def _recipe(technique: Declared) -> str:
    """Return how the technique is written in a recipe, at its defaults where it has them all."""
    cls = technique.cls
    assert issubclass(cls, Technique)
    required = any(option.default is None for option in describe(cls, "technique").options)
    return text_under(technique.name, cls.checked_as()[0] if required else cls())


def _call(cls: type) -> str:
    """Return how a technique is made, with those options that may be given by place."""
    defaults = options.defaults(cls)
    given = [
        option.name if option.default is None else f"{option.name}={_value(defaults[option.name])}"
        for option in describe(cls, "technique").options
        if not option.keyword_only
    ]
    return f"{cls.__name__}({', '.join(given)})"


def _value(default: object) -> str:
    if isinstance(default, float):
        return number(default)
    return json.dumps(default) if isinstance(default, str) else repr(default)


def _phases(cls: type) -> Iterator[str]:
    """Yield the phases that a technique names, each with its stage."""
    for phase in getattr(cls, "phases", ()):
        yield f"{phase.name.lower()} ({phase.stage.name})"


def _sources(technique: Declared) -> Iterator[str]:
    """Yield authors and year of each work in the docstring's references but the textbook."""
    references = " ".join(technique.doc.sections.get("References", "").split())
    for work in references.split(";"):
        source = _SOURCE.search(work)
        if source and _TEXTBOOK not in work:
            yield source[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
