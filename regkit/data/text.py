"""Tables as text, such as `.csv`: encoding, separator and header are told from the whole file."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regkit.core.words import counted
from regkit.data.compressed import read_bytes
from regkit.data.dataset import DataError
from regkit.data.encoding import decode
from regkit.data.header import Signs, signs, verdict
from regkit.data.needed import needed
from regkit.data.raw import Raw, Table
from regkit.data.rows import Grid, split_rows
from regkit.data.separator import NAMES, guess, parse_separator, reader

__all__ = ["parse_header", "read_text"]

COMMENT = "#"
EXCEL = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # how a file for Excel names its separator


def parse_header(header: Any) -> bool | int | None:
    """Return what a user says of the header: whether there is one, or its line, or None.

    Raises:
        DataError: for anything but yes, no and a line's number.

    Example:
        >>> parse_header("yes"), parse_header(False), parse_header("3"), parse_header(None)
        (True, False, 3, None)
    """
    if header is None or isinstance(header, bool):
        return header
    said = {"yes": True, "no": False, "true": True, "false": False}.get(str(header).lower())
    if said is not None:
        return said
    if str(header).isascii() and str(header).isdigit() and int(header) > 0:
        return int(header)
    raise DataError(f"header must be yes, no or the number of its line; received {header!r}")


def read_text(
    path: Path, separator: str | None = None, header: Any = None, encoding: str | None = None
) -> Table:
    """Return the table in a text file, which may be compressed.

    Args:
        path: The file.
        separator: One character or its name; None finds it.
        header: Whether the first row names the columns, or the line that does; None finds it.
        encoding: Of the text; None finds it.

    Raises:
        DataError: for an empty or ragged file; where the separator or header cannot be told.
    """
    where, given, named = str(path), parse_separator(separator), parse_header(header)
    text, encoding = decode(read_bytes(path), path, encoding)
    if not text.strip():
        raise DataError(f"{where}: empty")
    part = _without_preface(text, named)
    if not part.text.strip():
        raise DataError(f"{where}: empty; there are {part.skipped} lines, and none to read")
    sign = given or part.separator or guess(part.text, where).separator
    grid = split_rows(part.text, sign, where, part.skipped)
    names, said = _names(grid, part, named, sign, where)
    if names is None:
        pa = needed("pyarrow")
        columns = [
            pa.concat_arrays([pa.array([cell], pa.string()), below])
            for cell, below in zip(grid.first, grid.columns, strict=True)
        ]
        names = [f"column {place}" for place in range(len(columns))]
        lines = np.concatenate([[grid.first_line], grid.lines])
    else:
        columns, lines = grid.columns, grid.lines
    if not len(lines):
        raise DataError(f"{where}: empty; there is a header but no examples")
    note = [f"{encoding}, cells separated by {NAMES.get(sign, repr(sign))}", said, *grid.said]
    if part.comments:
        note.append(f"{counted(part.comments, 'comment line')} ({COMMENT}) left out")
    raws = [Raw(name, cells) for name, cells in zip(names, columns, strict=True)]
    return Table(where, raws, lines, sign, "; ".join(note))


@dataclass(frozen=True)
class _Part:
    """The part of a text that is the table.

    Attributes:
        text: That part.
        skipped: The lines above it.
        comments: How many of these are comments.
        last_comment: The last of them, which may name the columns.
        separator: What the text itself names as its separator.
    """

    text: str
    skipped: int = 0
    comments: int = 0
    last_comment: str = ""
    separator: str | None = None


def _without_preface(text: str, header: bool | int | None) -> _Part:
    """Return a text without what stands above its first row."""
    lines = io.StringIO(text, newline="")
    skipped = comments = start = 0
    last, separator = "", None
    for line in lines:
        excel = EXCEL.fullmatch(line) if not skipped else None
        if excel:
            separator = excel[1]
        elif line.startswith(COMMENT):
            comments, last = comments + 1, line
        elif line.strip():
            break
        skipped, start = skipped + 1, start + len(line)
    else:  # nothing but comments, so they are the rows
        return _Part(text)
    if isinstance(header, int) and not isinstance(header, bool):
        above = list(io.StringIO(text, newline=""))[: header - 1]
        return _Part(text[sum(map(len, above)) :], len(above), separator=separator)
    return _Part(text[start:], skipped, comments, last, separator)


def _names(
    grid: Grid, part: _Part, header: bool | int | None, sign: str, where: str
) -> tuple[list[str] | None, str]:
    """Return the names of the columns, or None where the first row is an example; and a note."""
    here = grid.first, f"line {grid.first_line} is the header"
    if header is False:
        return None, "no header, as asked for: the first row is an example"
    if type(header) is int:
        return here
    found = signs(grid.first, grid.columns)
    decided = verdict(found)
    above = _from_comment(part.last_comment, len(grid.columns), sign)
    if decided is not True and above is not None:
        return above, f"the comment above line {grid.first_line} is the header"
    if decided or header:
        return here
    if decided is None:
        raise _in_doubt(grid, found, where)
    return None, "no header: the first row is an example"


def _from_comment(comment: str, width: int, separator: str) -> list[str] | None:
    """Return the names in a comment above the rows, as NumPy writes them, if they fit."""
    rows = list(reader(comment.lstrip(COMMENT).strip(), separator))
    names = [cell.strip() for cell in rows[0]] if rows else []
    return names if len(names) == width and all(names) else None


def _in_doubt(grid: Grid, found: Signs, where: str) -> DataError:
    for_header, against = found.names or found.new_word, found.recurs or found.alike
    why = (
        f"{for_header!r} looks like a name and {against!r} like a value"
        if for_header
        else f"it counts from {found.counts}"
    )
    return DataError(
        f"{where}, line {grid.first_line}: whether this row is a header or an example cannot be "
        f"told ({why}); say header=True or header=False (--header yes or no)"
    )
