"""The raw results within the page: what `results.json` holds, safe inside of HTML."""

from __future__ import annotations

import dataclasses
import json

from markupsafe import Markup

from regkit.comparison.record import results
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary

__all__ = ["embedded"]

# Nothing in JSON can end a script element, begin a comment or break a line of JavaScript.
ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def embedded(record: Record, summaries: list[Summary], curves: bool = True) -> Markup:
    """Return what `results.json` holds, in one line, for a script element.

    Args:
        record: What was measured.
        summaries: The conclusions.
        curves: Whether to keep the learning curves, which are most of it.
    """
    if not curves:
        fits = tuple(dataclasses.replace(fit, curves={}) for fit in record.fits)
        record = dataclasses.replace(record, fits=fits)
    document = results.document(record, summaries)
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.translate(ESCAPES))
