"""A table before it is read: its columns, and where its rows stand in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.data.cells import are_missing, are_no_numbers
from regkit.data.needed import needed

__all__ = ["Raw", "Table", "present"]


@dataclass(frozen=True)
class Raw:
    """A column as its source has it.

    Attributes:
        name: What the source calls it.
        cells: A pyarrow array of trimmed text, null where the source itself has nothing; for
            numbers a float64 array, NaN where it has nothing.
        kind: `"text"`, which may hold anything; `"number"`, `"category"`, `"words"` (a text even
            where its words are numbers) or `"date"` where the source declares it.
    """

    name: str
    cells: Any
    kind: str = "text"

    def gaps(self) -> NDArray[np.bool_]:
        """Return which cells are missing; what a source declares is taken at its word."""
        if self.kind == "number":
            return np.asarray(np.isnan(self.cells), np.bool_)
        gone = are_missing(self.cells) if self.kind == "text" else self.cells.is_null()
        return np.asarray(gone, np.bool_)


@dataclass(frozen=True)
class Table:
    """The columns of a file or frame, and where their rows stand in it.

    Attributes:
        where: The file or frame, for messages.
        columns: The columns.
        lines: The line of the file in which each row ends; None where there are no lines.
        separator: What separates the cells.
        note: How the source was read.
    """

    where: str
    columns: Sequence[Raw]
    lines: NDArray[np.int64] | None = None
    separator: str = ","
    note: str = ""

    def at(self, row: int, name: str) -> str:
        """Return where a cell is, in words."""
        place = f"row {row}" if self.lines is None else f"line {self.lines[row]}"
        return f"{self.where}, {place}, column {name!r}"


def present(cells: Any) -> Any:
    """Return a column of text with null in place of what means a missing value among numbers."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    gone = pc.or_(are_missing(cells), are_no_numbers(cells))
    return pc.if_else(gone, pa.scalar(None, pa.string()), cells)
