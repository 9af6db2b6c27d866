"""The note on a table: how its numbers are written, what is left out, what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regkit.core.words import counted
from regkit.data.dataset import Column

__all__ = ["ROW_NUMBER_NAMES", "TableNote", "Written", "how_written"]

ROW_NUMBER_NAMES = ("", "unnamed: 0", "id", "index", "row", "rownames")


@dataclass(frozen=True, eq=False)
class Written:
    """The numbers of one column, and how they were written.

    Attributes:
        name: The name of the column.
        values: The numbers, NaN where one is missing.
        example: A cell that is not written as programs write numbers, and its value; or None.
        words: The words that were taken for missing numbers, such as "none".
    """

    name: str
    values: NDArray[np.float64]
    example: tuple[str, float] | None = None
    words: tuple[str, ...] = ()


@dataclass
class TableNote:
    """What the note on a table says, collected column by column.

    Attributes:
        left_out: Columns left out, with the reason.
        written: Columns of numbers, and how they were written.
        ids: Columns that look like identifiers.
    """

    left_out: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def in_words(self, columns: Sequence[Column], gaps: Sequence[int]) -> str:
        """Return the note; `gaps` are the numbers of missing cells of the columns."""
        categories = [column.name for column in columns if column.categories is not None]
        pairs = list(zip(gaps, columns, strict=True))
        numeric = sum(n for n, column in pairs if column.categories is None)
        notes = [how_written(self.written)]
        if self.left_out:
            notes.append(f"left out: {', '.join(self.left_out)}")
        if categories:
            notes.append(f"categories, one input each: {_some(categories)}")
        if numeric:
            become = "becomes" if numeric == 1 else "become"
            numbers = counted(numeric, "missing number")
            notes.append(f"{numbers} {become} the median of the training examples")
        if nominal := sum(gaps) - numeric:
            become = "becomes" if nominal == 1 else "become"
            missing = counted(nominal, "missing category", "missing categories")
            notes.append(f"{missing} {become} one more category")
        if self.ids:
            looks = "looks like an identifier" if len(self.ids) == 1 else "look like identifiers"
            them = "it" if len(self.ids) == 1 else "them"
            leave = f"--ignore {shlex.quote(','.join(self.ids))} leaves {them}"
            notes.append(f"{_some(self.ids)} {looks}: {leave} out")
        return "; ".join(filter(None, notes))


def how_written(columns: Sequence[Written]) -> str:
    """Return how cells became numbers where they are not written as programs write them.

    Example:
        >>> how_written([Written("price", np.array([1234.0]), ("$1,234.00", 1234.0))])
        "numbers: 'price' ('$1,234.00' is 1234)"
    """
    odd = [
        f"{column.name!r} ({column.example[0]!r} is {column.example[1]:.12g})"
        for column in columns
        if column.example
    ]
    notes = [f"numbers: {_listed(odd)}"] if odd else []
    words = sorted({word for column in columns for word in column.words})
    notes += [f"taken for missing numbers: {_some(words)}"] if words else []
    return "; ".join(notes)


def _some(names: Sequence[str]) -> str:
    return _listed([repr(name) for name in names])


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(words[:5]) + more
