"""Which column of a table holds the labels, and which are left out."""

from __future__ import annotations

from collections.abc import Sequence

from regkit.core.errors import suggest
from regkit.data.dataset import DataError
from regkit.data.raw import Table

__all__ = ["ignored_places", "target_place"]

TARGET_NAMES = ("target", "label", "class", "y")


def target_place(table: Table, target: str | int | None) -> tuple[int, str]:
    """Return the position of the label column, and a note on how it was chosen.

    Args:
        table: All columns.
        target: The column by name or index; None means a column called target, label, class or
            y, else the last.

    Raises:
        DataError: where there is no such column, or several of that name.
    """
    names = [column.name for column in table.columns]
    if target is None:
        lower = [name.lower() for name in names]
        for name in TARGET_NAMES:
            if name in lower:
                place = _place(table, name)
                return place, f"labels from column {names[place]!r}"
        return len(names) - 1, (
            f"labels from the last column, {names[-1]!r}, as none is called "
            + ", ".join(TARGET_NAMES)
        )
    place = _place(table, target)
    return place, f"labels from column {names[place]!r}"


def ignored_places(table: Table, ignore: str | int | Sequence[str | int] | None) -> list[int]:
    """Return the positions of the columns to leave out.

    Args:
        table: All columns.
        ignore: Names or positions; a text that is no name may hold several, with commas.

    Raises:
        DataError: where there is no such column, or several of that name.
    """
    given = [ignore] if isinstance(ignore, str | int) else ignore or ()
    named = {column.name.lower() for column in table.columns}
    wanted: list[str | int] = []
    for entry in given:
        whole = not isinstance(entry, str) or entry.lower() in named
        wanted += [entry] if whole else [part.strip() for part in str(entry).split(",")]
    return sorted({_place(table, column) for column in wanted})


def _place(table: Table, wanted: str | int) -> int:
    """Return the position of a column that is given by name or index."""
    names = [column.name for column in table.columns]
    lower = [name.lower() for name in names]
    for known, sought in ((names, str(wanted)), (lower, str(wanted).lower())):
        if known.count(sought) > 1:
            places = " and ".join(str(i) for i, name in enumerate(known) if name == sought)
            raise DataError(
                f"{table.where}: several columns are called {wanted!r}; give its index ({places})"
            )
        if sought in known:
            return known.index(sought)
    try:
        place = int(wanted)
    except ValueError:
        near = suggest(str(wanted).lower(), lower)
        raise DataError(
            f"{table.where}: no column is called {wanted!r}{near} (columns: {', '.join(names)})"
        ) from None
    if not -len(names) <= place < len(names):
        raise DataError(
            f"{table.where}: no column {place}; there are {len(names)}, 0 to {len(names) - 1}"
        )
    return place % len(names)
