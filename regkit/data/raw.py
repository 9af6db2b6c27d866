"""A table before its cells are read: its columns, and the place of its rows in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regkit.data.cells import are_missing, are_no_numbers
from regkit.data.needed import needed

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Raw", "Table", "present"]


@dataclass(frozen=True)
class Raw:
    """A column as its source stores it.

    Attributes:
        name: What the source calls it.
        cells: A pyarrow array of trimmed text, null where the source has no value; for numbers a
            float64 array, NaN where it has none.
        kind: `"text"`, which may hold anything; `"number"`, `"category"`, `"words"` (a text even
            where its words are numbers) or `"date"` where the source declares it.
    """

    name: str
    cells: Any
    kind: str = "text"

    def gaps(self) -> NDArray[np.bool_]:
        """Return which cells are missing; where the source declares a kind, only nulls are."""
        if self.kind == "number":
            return np.asarray(np.isnan(self.cells), np.bool_)
        missing = are_missing(self.cells) if self.kind == "text" else self.cells.is_null()
        return np.asarray(missing, np.bool_)


@dataclass(frozen=True)
class Table:
    """The columns of a file or DataFrame, and the place of their rows in it.

    Attributes:
        where: The file or DataFrame, for messages.
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
        """Return the place of a cell, in words."""
        place = f"row {row}" if self.lines is None else f"line {self.lines[row]}"
        return f"{self.where}, {place}, column {name!r}"


def present(cells: pyarrow.Array) -> pyarrow.Array:
    """Return a column of text, null where a cell would be missing in a column of numbers."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    missing = pc.or_(are_missing(cells), are_no_numbers(cells))
    return pc.if_else(missing, pa.scalar(None, pa.string()), cells)
