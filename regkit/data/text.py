"""Tables as text, such as `.csv`: the whole file decides encoding, separator and header."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regkit.core.words import counted
from regkit.data.compressed import read_bytes
from regkit.data.dataset import DataError
from regkit.data.encoding import decode
from regkit.data.header import Signs, signs, verdict
from regkit.data.needed import needed
from regkit.data.preface import COMMENT, Part, without_preface
from regkit.data.raw import Raw, Table
from regkit.data.separator import NAMES, guess, parse_separator, reader
from regkit.data.text_rows import Grid, split_rows

__all__ = ["HeaderOption", "parse_header", "read_text"]

HeaderOption = bool | int | str | None  # as users give it


def parse_header(header: HeaderOption) -> bool | int | None:
    """Return a value of the option `header`: whether there is a header, its line, or None.

    Raises:
        DataError: for anything but yes, no and the number of a line.

    Example:
        >>> parse_header("yes"), parse_header(False), parse_header("3"), parse_header(None)
        (True, False, 3, None)
    """
    if header is None or isinstance(header, bool):
        return header
    answer = {"yes": True, "no": False, "true": True, "false": False}.get(str(header).lower())
    if answer is not None:
        return answer
    if str(header).isascii() and str(header).isdigit() and int(header) > 0:
        return int(header)
    raise DataError(f"header must be yes, no or the number of its line; received {header!r}")


def read_text(
    path: Path,
    separator: str | None = None,
    header: HeaderOption = None,
    encoding: str | None = None,
) -> Table:
    """Return the table in a text file, which may be compressed.

    Args:
        path: The file.
        separator: One character or its name; None finds it.
        header: Whether the first row names the columns, or the line that does; None finds it.
        encoding: The encoding of the text; None finds it.

    Raises:
        DataError: for an empty or ragged file, and where the file leaves separator or header open.
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
    left_out = [f"{counted(comments, 'comment line')} ({COMMENT}) left out"] if comments else []
    note = [f"{encoding}, cells separated by {NAMES.get(sign, repr(sign))}", head.note]
    raws = [Raw(name, cells) for name, cells in zip(names, table.columns, strict=True)]
    return Table(where, raws, table.lines, sign, "; ".join([*note, *left_out, *grid.notes]))


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
    """The header of a table.

    Attributes:
        note: Where it stands, in words.
        names: The names of the columns; None without a header.
        is_example: Whether the first row is an example.
        is_comment: Whether the names stand in a comment.
    """

    note: str
    names: list[str] | None = None
    is_example: bool = False
    is_comment: bool = False


def _head(grid: Grid, part: Part, header: bool | int | None, sign: str, where: str) -> _Head:
    """Return the header: the first row, a comment above it, or none."""
    first_row = _Head(f"line {grid.first_line} is the header", grid.first)
    if type(header) is int:
        return _head_of_line(grid, header, where)
    commented = _commented_names(grid, part, sign, where)
    if header is False:
        return _Head("no header, as asked for: the first row is an example", is_example=True)
    evidence = signs(grid.first, grid.columns)
    decided = verdict(evidence)
    if decided is not True and commented is not None:
        note = f"the comment above line {grid.first_line} is the header"
        return _Head(note, commented, is_example=True, is_comment=True)
    if decided or header:
        return first_row
    if decided is None:
        raise _in_doubt(grid, evidence, where)
    return _Head("no header: the first row is an example", is_example=True)


def _head_of_line(grid: Grid, line: int, where: str) -> _Head:
    """Return the header in the line that the user names."""
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
        except csv.Error:  # a comment that is no row of cells
            cells = []
        names = cells if len(cells) == len(grid.columns) > 1 else None
        if names is not None and not verdict(signs(names, _with_first_row(grid).columns)):
            raise DataError(
                f"{where}: the line {COMMENT} {comment!r} above the table may be one of its rows "
                f"or a comment; delete it, or put its first cell in double quotes"
            )
    return names


def _in_doubt(grid: Grid, evidence: Signs, where: str) -> DataError:
    why = (
        f"{evidence.like_a_name!r} looks like a name and {evidence.like_a_value!r} like a value"
        if evidence.like_a_name is not None
        else f"its cells are numbers that may be names, the first {evidence.counts}"
    )
    return DataError(
        f"{where}, line {grid.first_line}: the table does not show whether this row is a header or "
        f"an example ({why}); give header=True or header=False (--header yes or no)"
    )
