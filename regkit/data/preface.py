"""The lines above the first row of a text: comments, blank lines, the separator for Excel."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass

__all__ = ["COMMENT", "Part", "without_preface"]

COMMENT = "#"
EXCEL = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """The part of a text that is the table.

    Attributes:
        text: That part.
        skipped: The number of lines above it.
        comments: The comments among these lines, without their marks.
        separator: The separator that the text itself names, or None.
    """

    text: str
    skipped: int = 0
    comments: tuple[str, ...] = ()
    separator: str | None = None


def without_preface(text: str, line: int | None = None) -> Part:
    r"""Return the part of a text from its first row on.

    Args:
        text: The whole text. If all of its lines begin as comments do, they are its rows.
        line: The number of the line in which the table begins, where the user names it.

    Example:
        >>> without_preface("# of 2020\n\na,b\n1,2\n")
        Part(text='a,b\n1,2\n', skipped=2, comments=('of 2020',), separator=None)
    """
    lines = io.StringIO(text, newline="")
    if line is not None:
        above = list(itertools.islice(lines, line - 1))
        return Part(text[sum(map(len, above)) :], len(above))
    skipped = start = 0
    comments: list[str] = []
    separator = None
    for content in lines:
        excel = None if skipped else EXCEL.fullmatch(content)
        if excel:
            separator = excel[1]
        elif content.startswith(COMMENT):
            comments.append(content.lstrip(COMMENT).strip())
        elif content.strip():
            return Part(text[start:], skipped, tuple(comments), separator)
        skipped, start = skipped + 1, start + len(content)
    return Part(text)
