"""A table as a Dataset: its label column chosen and read, the others as numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regkit.data.arrays import from_arrays
from regkit.data.choosing import ignored_places, target_place
from regkit.data.columns import encode, marks_of, read_numbers
from regkit.data.dataset import DataError, Dataset
from regkit.data.numbers import parse
from regkit.data.raw import Raw, Table, present
from regkit.data.table_note import Written
from regkit.types import Array

__all__ = ["assemble", "read_labels"]


def assemble(
    table: Table,
    name: str,
    target: str | int | None = None,
    task: str | None = None,
    ignore: str | int | Sequence[str | int] | None = None,
    decimal: str | None = None,
) -> Dataset:
    """Return a table as a Dataset: its label column chosen, the others as numbers.

    Args:
        table: All columns.
        name: The name of the data.
        target: The label column by name or index; None means a column called target, label,
            class or y, else the last (and the note says so).
        task: `"classification"`, `"regression"`, or None, see `from_arrays`.
        ignore: Columns to leave out, by name or index; a text may hold several, with commas.
        decimal: The decimal mark of all columns, or None.

    Raises:
        DataError: for a single column, no such column, missing labels, cells that fit no column.
    """
    columns = table.columns
    if len(columns) < 2:
        hint = " If each line holds several, name the separator (separator, --separator)"
        raise DataError(
            f"{table.where}: one column only; features and a label column are needed."
            + hint * (table.lines is not None)
        )
    chosen, note = target_place(table, target)
    ignored = ignored_places(table, ignore)
    if chosen in ignored:
        raise DataError(
            f"{table.where}: {columns[chosen].name!r} is the label column, which cannot be "
            "ignored; name another one (target, --target), or do not ignore it"
        )
    kept = [place for place in range(len(columns)) if place not in (*ignored, chosen)]
    # The labels come last, so that the features keep their positions.
    used = dataclasses.replace(table, columns=[columns[place] for place in [*kept, chosen]])
    marks = marks_of(used, decimal)
    labels, written = read_labels(used, len(kept), marks, task)
    rest = dataclasses.replace(table, columns=used.columns[:-1])
    features, described, assumed = encode(rest, marks, [written] if written else [])
    left_out = ", ".join(repr(columns[place].name) for place in ignored)
    parts = (
        table.note,
        _marks_in_words(marks, used.columns),
        note,
        f"ignored: {left_out}" if ignored else "",
        assumed,
    )
    if task is None and columns[chosen].kind in ("category", "words"):
        task = "classification"
    return from_arrays(
        features, labels, name, note="; ".join(filter(None, parts)), task=task, columns=described
    )


def _marks_in_words(marks: Mapping[int, str], columns: Sequence[Raw]) -> str:
    """Return a note on the decimal marks."""
    commas = [repr(columns[place].name) for place, mark in marks.items() if mark == ","]
    if not commas or len(commas) == len(marks):
        return f"decimal {'commas' if commas else 'points'}" if marks else ""
    return f"decimal commas in {', '.join(commas)}, points elsewhere"


def read_labels(
    table: Table, place: int, marks: dict[int, str], task: str | None
) -> tuple[Array, Written | None]:
    """Return labels, as numbers where all are numbers, else as names; and how these are written.

    Raises:
        DataError: for missing labels, dates, and a text among the numbers of a regression.
    """
    raw = table.columns[place]
    if raw.kind == "date":
        raise DataError(
            f"{table.where}, column {raw.name!r} holds dates or times, which cannot be labels; "
            "choose another target column (target, --target)"
        )
    _require_all(table, raw, raw.gaps())
    if raw.kind == "number":
        return raw.cells, None
    names = np.asarray(raw.cells.to_pylist())
    if raw.kind != "text":
        return names, None
    values = parse(raw.cells, marks.get(place, "."))
    known = np.isfinite(values)
    numeric = 2 * known.sum() >= len(values)
    if numeric:
        _require_all(table, raw, np.asarray(present(raw.cells).is_null()))
    measured = numeric and bool((values[known] % 1).any())
    measured = task == "regression" or (task is None and measured)
    if measured and not known.all():
        row = int(np.argmin(known))
        raise DataError(
            f"{table.at(row, raw.name)}: the label {str(names[row])!r} is not a finite number; a "
            "regression needs numbers"
        )
    if not known.all():
        return names, None
    return values, read_numbers(table, raw, values)


def _require_all(table: Table, raw: Raw, gaps: NDArray[np.bool_]) -> None:
    """Refuse missing labels."""
    if gaps.any():
        row = int(np.argmax(gaps))
        cell = "" if raw.kind == "number" else raw.cells[row].as_py()
        shown = f" ({cell!r})" if cell else ""
        raise DataError(
            f"{table.at(row, raw.name)}: the label is missing{shown}; complete or delete the "
            + ("row" if table.lines is None else "line")
        )
