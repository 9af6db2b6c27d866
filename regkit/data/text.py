"""Tables as text, such as `.csv`: encoding, separator and header are told from the whole file."""

from __future__ import annotations

import csv
import dataclasses
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
from regkit.data.preface import COMMENT, Part, without_preface
from regkit.data.raw import Raw, Table
from regkit.data.rows import Grid, split_rows
from regkit.data.separator import NAMES, guess, parse_separator, reader

__all__ = ["parse_header", "read_text"]


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
    part = without_preface(text, named if type(named) is int else None)
    if not part.text.strip():
        raise DataError(f"{where}: empty; {part.skipped} lines stand above the table")
    sign = given or part.separator or guess(part.text, where).separator
    grid = split_rows(part.text, sign, where, part.skipped)
    head = _head(grid, part, named, sign, where)
    table = _with_first_row(grid) if head.is_example else grid
    if not len(table.lines):
        raise DataError(f"{where}: empty; there is a header but no examples")
    names = head.names or [f"column {place}" for place in range(len(table.columns))]
    comments = len(part.comments) + grid.comments - head.is_comment
    left = [f"{counted(comments, 'comment line')} ({COMMENT}) left out"] if comments else []
    note = [f"{encoding}, cells separated by {NAMES.get(sign, repr(sign))}", head.said]
    raws = [Raw(name, cells) for name, cells in zip(names, table.columns, strict=True)]
    return Table(where, raws, table.lines, sign, "; ".join([*note, *left, *grid.said]))


def _with_first_row(grid: Grid) -> Grid:
    """Return a grid in which the first row is an example among the others."""
    pa = needed("pyarrow")
    columns = [
        pa.concat_arrays([pa.array([cell], pa.string()), below])
        for cell, below in zip(grid.first, grid.columns, strict=True)
    ]
    lines = np.concatenate([[grid.first_line], grid.lines])
    return dataclasses.replace(grid, columns=columns, lines=lines)


@dataclass(frozen=True)
class _Head:
    """What names the columns.

    Attributes:
        said: That in words.
        names: The names; None where there are none.
        is_example: Whether the first row is an example.
        is_comment: Whether the names stand in a comment.
    """

    said: str
    names: list[str] | None = None
    is_example: bool = False
    is_comment: bool = False


def _head(grid: Grid, part: Part, header: bool | int | None, sign: str, where: str) -> _Head:
    """Return what names the columns: the first row, a comment above it, or nothing."""
    here = _Head(f"line {grid.first_line} is the header", grid.first)
    if type(header) is int:
        return _head_of_line(grid, header, where)
    commented = _commented_names(grid, part, sign, where)
    if header is False:
        return _Head("no header, as asked for: the first row is an example", is_example=True)
    found = signs(grid.first, grid.columns)
    decided = verdict(found)
    if decided is not True and commented is not None:
        said = f"the comment above line {grid.first_line} is the header"
        return _Head(said, commented, is_example=True, is_comment=True)
    if decided or header:
        return here
    if decided is None:
        raise _in_doubt(grid, found, where)
    return _Head("no header: the first row is an example", is_example=True)


def _head_of_line(grid: Grid, line: int, where: str) -> _Head:
    """Return the header that stands in the line that the user names."""
    if grid.first_line != line + sum(cell.count("\n") for cell in grid.first):
        raise DataError(
            f"{where}: line {line} names no columns, as it is blank or a comment; the next row is "
            f"in line {grid.first_line} (header, --header)"
        )
    names = [grid.first[0].lstrip(COMMENT).strip(), *grid.first[1:]]
    return _Head(f"line {line} is the header", names)


def _commented_names(grid: Grid, part: Part, sign: str, where: str) -> list[str] | None:
    """Return the names in the last comment, as NumPy writes them; None where it has none.

    Raises:
        DataError: where a comment looks like one of the rows.
    """
    names = None
    for comment in part.comments:
        try:
            cells = [cell.strip() for cell in next(reader(comment, sign), [])]
        except csv.Error:  # not even cells
            cells = []
        names = cells if len(cells) == len(grid.columns) > 1 else None
        if names is not None and not verdict(signs(names, _with_first_row(grid).columns)):
            raise DataError(
                f"{where}: the line {COMMENT} {comment!r} above the table may be one of its rows "
                f"or a comment; delete it, or put its first cell in double quotes"
            )
    return names


def _in_doubt(grid: Grid, found: Signs, where: str) -> DataError:
    why = (
        f"{found.like_a_name!r} looks like a name and {found.like_a_value!r} like a value"
        if found.like_a_name is not None
        else f"it is numbers as names may be, {found.counts} the first"
    )
    return DataError(
        f"{where}, line {grid.first_line}: whether this row is a header or an example cannot be "
        f"told ({why}); say header=True or header=False (--header yes or no)"
    )
