"""What the note of a table says: how numbers are written, what is left out, what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regkit.core.words import counted
from regkit.data.dataset import Column

__all__ = ["ROW_NUMBER_NAMES", "Said", "Written", "how_written"]

ROW_NUMBER_NAMES = ("", "unnamed: 0", "id", "index", "row", "rownames")


@dataclass(frozen=True, eq=False)
class Written:
    """The numbers of one column, and how they were written.

    Attributes:
        name: The column.
        values: The numbers, NaN where one is missing.
        example: A cell that is not as machines write numbers, and its value; or None.
        words: The words that were taken for missing numbers, such as None.
    """

    name: str
    values: NDArray[np.float64]
    example: tuple[str, float] | None = None
    words: tuple[str, ...] = ()


@dataclass
class Said:
    """What there is to say of the columns of a table, collected column by column."""

    left_out: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def note(self, columns: Sequence[Column], gaps: Sequence[int]) -> str:
        """Return the note; `gaps` are the numbers of missing cells of the columns."""
        categories = [column.name for column in columns if column.categories is not None]
        pairs = list(zip(gaps, columns, strict=True))
        numeric = sum(n for n, column in pairs if column.categories is None)
        said = [how_written(self.written)]
        if self.left_out:
            said.append(f"left out: {', '.join(self.left_out)}")
        if categories:
            said.append(f"categories, one input each: {_some(categories)}")
        if numeric:
            become = "becomes" if numeric == 1 else "become"
            numbers = counted(numeric, "missing number")
            said.append(f"{numbers} {become} the median of the training examples")
        if more := sum(gaps) - numeric:
            become = "becomes" if more == 1 else "become"
            missing = counted(more, "missing category", "missing categories")
            said.append(f"{missing} {become} one more category")
        if self.ids:
            looks = "looks like an identifier" if len(self.ids) == 1 else "look like identifiers"
            them = "it" if len(self.ids) == 1 else "them"
            leave = f"--ignore {shlex.quote(','.join(self.ids))} leaves {them}"
            said.append(f"{_some(self.ids)} {looks}: {leave} out")
        return "; ".join(filter(None, said))


def how_written(columns: Sequence[Written]) -> str:
    """Return how cells became numbers where they are not as machines write them.

    Example:
        >>> how_written([Written("price", np.array([1234.0]), ("$1,234.00", 1234.0))])
        "numbers: 'price' ('$1,234.00' is 1234)"
    """
    odd = [
        f"{one.name!r} ({one.example[0]!r} is {one.example[1]:.12g})"
        for one in columns
        if one.example
    ]
    said = [f"numbers: {_listed(odd)}"] if odd else []
    words = sorted({word for one in columns for word in one.words})
    said += [f"taken for missing numbers: {_some(words)}"] if words else []
    return "; ".join(said)


def _some(names: Sequence[str]) -> str:
    return _listed([repr(name) for name in names])


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(words[:5]) + more
