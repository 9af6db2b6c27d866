"""The rows of a text whose separator is known, as columns of cells; all rows of one width."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regkit.core.words import counted
from regkit.data.dataset import DataError
from regkit.data.needed import needed
from regkit.data.numbers import parse
from regkit.data.preface import COMMENT
from regkit.data.separator import NAMES, reader

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Grid", "split_rows"]

CHUNK = 4096  # rows held as Python lists at a time
SAMPLE = 1000  # rows whose most frequent width becomes that of the table


@dataclass
class Grid:
    """The rows of a text.

    Attributes:
        first: The cells of the first row, which may be a header.
        columns: The cells below it, a pyarrow array of trimmed text for each column.
        lines: The line in which each row below the first ends.
        first_line: The line in which the first row ends.
        comments: The number of comment lines left out.
        notes: What else was left out.
    """

    first: list[str]
    columns: list[pyarrow.Array]
    lines: NDArray[np.int64]
    first_line: int = 1
    comments: int = 0
    notes: list[str] = field(default_factory=list)


def split_rows(text: str, separator: str, where: str, skipped: int = 0) -> Grid:
    r"""Return the rows of a text, each of the same width.

    Blank lines, comment lines, rows without any value and separators at the end of a row are left
    out. A first row with one cell fewer than all others has no name for the first column: R
    writes tables with row names in this form, which are numbers in order or words that differ.

    Args:
        text: The text, from its first row on.
        separator: One character.
        where: The file, for messages.
        skipped: The number of lines of the file above the text.

    Raises:
        DataError: for a row of another width, with its line, and for quotes that do not close.

    Example:
        >>> grid = split_rows("a;b\n1;2\n\n3;4;\n", ";", "t.csv")
        >>> grid.first, [cells.to_pylist() for cells in grid.columns], grid.lines.tolist()
        (['a', 'b'], [['1', '3'], ['2', '4']], [2, 4])
    """
    return _Splitter(text, separator, where, skipped).grid()


class _Splitter:
    """Reads the rows of a text, line by line."""

    def __init__(self, text: str, separator: str, where: str, skipped: int) -> None:
        self.text, self.separator, self.where, self.skipped = text, separator, where, skipped
        self.first: list[str] = []
        self.first_line = 0
        self.lines: list[int] = []
        self.width = 0
        self.line = skipped  # the line in which the last row ends
        self.comments = self.blank = 0
        self.hash_is_data = False
        self.is_short = False  # the first row has one cell too few

    def grid(self) -> Grid:
        pa, pc = needed("pyarrow"), needed("pyarrow.compute")
        self._find_width()
        parts: list[list[pyarrow.Array]] = [[] for _ in range(self.width)]
        rows = self._rows()
        while chunk := list(itertools.islice(rows, CHUNK)):
            for part, cells in zip(parts, zip(*chunk, strict=True), strict=True):
                part.append(pc.utf8_trim_whitespace(pa.array(cells, pa.string())))
        columns = [pa.concat_arrays(part) if part else pa.array([], pa.string()) for part in parts]
        if self.is_short and not _are_row_names(columns[0]):
            line, self.first_line = self.first_line, 0
            raise self._ragged(self.width - 1, line)
        lines = np.asarray(self.lines, np.int64)
        grid = Grid(self.first, columns, lines, self.first_line, self.comments, self._notes())
        return _without_empty_end(grid)

    def _find_width(self) -> None:
        """Set the width of the table from its first rows."""
        rows = reader(self.text, self.separator)
        start: list[list[str]] = []
        with contextlib.suppress(csv.Error):  # reported when the rows are read
            start.extend(row for row in itertools.islice(rows, SAMPLE) if any(row))
        marked = sum(row[0].startswith(COMMENT) for row in start)
        self.hash_is_data = 2 * marked > len(start)
        body = start[1:] or start
        widths = Counter(len(row) for row in body)
        self.width = max(widths, key=lambda width: (widths[width], width), default=1)
        first = len(start[0]) if start else 1
        if all(len(row) >= first and not any(row[first:]) for row in body):
            self.width = first  # a header without the separators at the end of the rows below

    def _rows(self) -> Iterator[list[str]]:
        rows: Any = reader(self.text, self.separator)
        try:
            for row in rows:
                self.line, fitted = rows.line_num + self.skipped, row
                if len(row) != self.width or not any(row) or row[0].startswith(COMMENT):
                    fitted = self._fitted(row, self.line)
                if not fitted:
                    continue
                if self.first_line:
                    self.lines.append(self.line)
                    yield fitted
                else:
                    self.first, self.first_line = [cell.strip() for cell in fitted], self.line
        except csv.Error as error:
            raise DataError(
                f"{self.where}, line {self.line + 1}: {error}. A quoted cell begins and ends with "
                'a double quote; a quote inside of it is written twice, ""'
            ) from error

    def _fitted(self, row: list[str], line: int) -> list[str]:
        """Return an unusual row with the width of the others; an empty list leaves it out."""
        if not any(cell.strip() for cell in row):
            self.blank += bool(row) and len(row) > 1
            return []
        if row[0].startswith(COMMENT) and not self.hash_is_data:
            if len(row) == self.width and self.first_line:
                raise DataError(
                    f"{self.where}, line {line} begins with {COMMENT} and has as many cells as a "
                    f"row, so that it may be a row or a comment; delete it, or the {COMMENT}"
                )
            if len(row) != self.width:
                self.comments += 1
                return []
        while len(row) > self.width and not row[-1].strip():
            row = row[:-1]
        if not self.first_line and len(row) == self.width - 1 and self.width > 2:
            self.is_short = True
            return ["", *row]
        if len(row) != self.width:
            raise self._ragged(len(row), line)
        return row

    def _ragged(self, width: int, line: int) -> DataError:
        name = NAMES.get(self.separator, repr(self.separator))
        hint = "" if self.first_line else " (the line of the header: header=N, --header N)"
        return DataError(
            f"{self.where}, line {line}: {counted(width, 'cell')} where {self.width} are "
            f"expected, separated by {name}{hint}"
        )

    def _notes(self) -> list[str]:
        return [f"{counted(self.blank, 'row')} without any value left out"] if self.blank else []


def _are_row_names(cells: pyarrow.Array) -> bool:
    """Return whether a column counts the rows, or has another word in each row.

    Other numbers are no row names: a thousands comma gives a row one cell too many, too.
    """
    pc = needed("pyarrow.compute")
    values = parse(cells)
    if np.isfinite(values).any():
        return any(np.array_equal(values, np.arange(len(values)) + start) for start in (0, 1))
    return len(pc.unique(cells)) == len(cells)


def _without_empty_end(grid: Grid) -> Grid:
    """Return the grid without last columns that have neither a name nor a value."""
    pc = needed("pyarrow.compute")
    columns, first = list(grid.columns), list(grid.first)
    while len(columns) > 1 and not first[-1] and not pc.any(pc.not_equal(columns[-1], "")).as_py():
        columns.pop()
        first.pop()
    n = len(grid.columns) - len(columns)
    notes = [f"{counted(n, 'empty column')} at the end left out"] if n else []
    return dataclasses.replace(grid, first=first, columns=columns, notes=grid.notes + notes)
