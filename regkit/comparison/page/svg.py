"""Figures as part of an HTML page: small, in the page's own colours, without clashing names."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib.figure import Figure

from regkit.comparison.figures.look import (
    BETTER,
    EQUAL,
    FAINT,
    GROUND,
    INK,
    MUTED,
    WORSE,
    style,
)  # fmt: skip

__all__ = ["VARIABLES", "inline"]

# The colours of the figures → the page's variables, which are others in dark mode.
VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    FAINT: "var(--faint)",
    GROUND: "var(--ground)",
    BETTER: "var(--better)",
    WORSE: "var(--worse)",
    EQUAL: "var(--equal)",
}
STRETCH = 1.16  # a figure may become so many times as large as it was drawn
REFERENCE = re.compile(r"(?:^|url\()#([^)]+)")
Element = ElementTree.Element


def inline(figure: Figure, prefix: str, text: str) -> Markup:
    """Return a figure as an `<svg>` element.

    Args:
        figure: The figure.
        prefix: What its ids begin with; unique in the page.
        text: What stands for it where it cannot be seen.
    """
    buffer = io.StringIO()
    with style():
        figure.savefig(buffer, format="svg", transparent=True)
    drawn = ElementTree.fromstring(buffer.getvalue())
    used = {match for element in drawn.iter() for match in _references(element)}
    for element in drawn.iter():
        _shorten(element, prefix, used)
    width, height = (72 * float(inches) for inches in figure.get_size_inches())
    attributes = {
        "viewBox": f"0 0 {width:g} {height:g}",
        "role": "img",
        "aria-label": text,
        "style": f"max-width:{STRETCH * width / 72:.3g}in",
    }
    result = Element("svg", attributes)
    result.extend(part for child in drawn for part in _flat(child))
    return Markup(ElementTree.tostring(result, "unicode"))


def _references(element: Element) -> Iterator[str]:
    """Yield the ids that an element refers to."""
    for value in element.attrib.values():
        yield from (match[1] for match in REFERENCE.finditer(value))


def _shorten(element: Element, prefix: str, used: set[str]) -> None:
    """Give an element names of its own, short numbers and the page's colours."""
    element.tag = element.tag.rpartition("}")[2]
    old, element.tail = dict(element.attrib), None
    element.attrib.clear()
    for key, value in old.items():
        name = key.rpartition("}")[2]
        if name == "id":
            if value not in used:
                continue
            value = prefix + value
        value = REFERENCE.sub(lambda match: match[0].replace("#", f"#{prefix}"), value)
        if name == "d":
            value = _path(value)
        if name == "style":
            value = _styled(value)
        element.set(name, re.sub(r"-?\d+\.\d{2,}(?:e-?\d+)?", _rounded, value))
    if element.tag != "text":
        element.text = None


def _rounded(match: re.Match[str]) -> str:
    """Return a number as exactly as can be seen: small ones are those of the marks."""
    value = float(match[0])
    return f"{value:.{1 if abs(value) >= 10 else 2}f}".rstrip("0").rstrip(".")


def _path(steps: str) -> str:
    """Return a path without its repeated letters: after M and L, a point alone is an L."""
    short, last = [], ""
    for letter, points in re.findall(r"([A-Za-z])([^A-Za-z]*)", steps):
        repeated = letter == last or (letter == "L" and last == "M")
        short.append(f"{'' if repeated else letter}{' '.join(points.split())}")
        last = letter
    return " ".join(short)


def _styled(style: str) -> str:
    for colour, variable in VARIABLES.items():
        style = style.replace(colour, variable)
    style = re.sub(r"(font: [^';]*px) '[^;]*", r"\1 var(--sans)", style)
    return re.sub(r"font-family: [^;]*; ?", "", style).replace("; ", ";").replace(": ", ":")


def _flat(element: Element) -> list[Element]:
    """Return an element without what draws nothing; the parts of a group that says nothing."""
    parts = [part for child in element for part in _flat(child)]
    element[:] = parts
    if element.tag in ("metadata", "style") or (element.tag in ("g", "defs") and not parts):
        return []
    return parts if element.tag == "g" and not element.attrib else [element]
