"""From the cells of a table to numbers: which column is numeric, which one holds categories."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regkit.core.words import counted
from regkit.data.cells import is_date, is_missing, is_number, writes_decimal_commas
from regkit.data.dataset import Column, DataError

__all__ = ["Table", "encode"]

MOST_CATEGORIES = 1000
ROW_NUMBER_NAMES = ("", "unnamed: 0", "id", "index", "row", "rownames")


@dataclass(frozen=True)
class Table:
    """The feature cells of a file, column by column, and where they stand in it.

    Attributes:
        path: The file, for messages.
        names: The columns.
        cells: The cells of each column.
        lines: The line of the file in which each row ends.
    """

    path: Path
    names: list[str]
    cells: list[list[str]]
    lines: list[int]


def encode(table: Table) -> tuple[NDArray[np.float32], tuple[Column, ...], str]:
    """Return the table as numbers, what each of its columns is, and a note on what was assumed.

    A column is one of categories if most of the cells that are not missing are no numbers;
    in any other, a cell that is none is an error. Categories become their place in sorted order,
    missing cells NaN. Columns without any value and row numbers are left out.

    Raises:
        DataError: for a text in a column of numbers; for dates, and for text that is different in
            most rows, of which nothing can be learnt.

    Example:
        >>> cells = [["1", "2", "?"], ["red", "blue", "red"]]
        >>> encode(Table(Path("t.csv"), ["size", "colour"], cells, [2, 3, 4]))[0].tolist()
        [[1.0, 1.0], [2.0, 0.0], [nan, 1.0]]
    """
    features, columns, left_out, ids = [], [], [], []
    for name, cells in zip(table.names, table.cells, strict=True):
        present = [cell for cell in cells if not is_missing(cell)]
        if not present or _counts_rows(name, cells):
            left_out.append(f"{name!r} ({'row numbers' if present else 'no values'})")
            continue
        numbers = sum(map(is_number, present))
        if 2 * numbers >= len(present):
            column = Column(name)
            values = _numbers(table, name, cells)
            ids += [name] if _names_rows(name, present, len(cells)) else []
        else:
            _check_categories(table.path, name, present)
            column = Column(name, tuple(sorted(set(present))))
            values = _codes(column, cells)
        columns.append(column)
        features.append(values)
    if not features:
        raise DataError(f"{table.path}: no features; beside the labels no column holds any")
    return np.stack(features, axis=1), tuple(columns), _note(columns, features, left_out, ids)


def _counts_rows(name: str, cells: list[str]) -> bool:
    """Return whether a column counts the rows, which tells a sorted file's labels."""
    if name.lower() not in ROW_NUMBER_NAMES:
        return False
    return any(cells == [str(start + i) for i in range(len(cells))] for start in (0, 1))


def _numbers(table: Table, name: str, cells: list[str]) -> NDArray[np.float32]:
    for cell, line in zip(cells, table.lines, strict=True):
        if not is_missing(cell) and not is_number(cell):
            raise DataError(
                f"{table.path}, line {line}, column {name!r}: {cell!r} is not a finite number, as "
                "most cells of this column are. Correct it, or empty it to have it imputed"
            )
    return np.asarray([np.nan if is_missing(cell) else float(cell) for cell in cells], np.float32)


def _codes(column: Column, cells: list[str]) -> NDArray[np.float32]:
    place = {category: code for code, category in enumerate(column.categories or ())}
    return np.asarray([place.get(cell, np.nan) for cell in cells], np.float32)


def _check_categories(path: Path, name: str, present: list[str]) -> None:
    """Raise where text is a date or a number in disguise, or different in most rows."""
    where = f"{path}, column {name!r}"
    if 2 * sum(map(writes_decimal_commas, present)) > len(present):
        raise DataError(
            f"{where}: numbers are written with commas, such as {present[0]!r}; write them with a "
            "decimal point and nothing between thousands"
        )
    if 2 * sum(map(is_date, present)) > len(present):
        raise DataError(
            f"{where} holds dates or times, such as {present[0]!r}, which are not read. Put a "
            "number there, such as days since the first, or leave the column out (ignore, --ignore "
            f"{shlex.quote(name)})"
        )
    distinct = len(set(present))
    if distinct > max(5, len(present) / 2) or distinct > MOST_CATEGORIES:
        raise DataError(
            f"{where} is text with {distinct} different values in {len(present)} rows, such as "
            f"{present[0]!r}: a name, an id or free text, not a category. Leave the "
            f"column out (ignore, --ignore {shlex.quote(name)}), or "
            f"merge its values into categories that recur (at most {MOST_CATEGORIES})"
        )


def _names_rows(name: str, present: list[str], n: int) -> bool:
    """Return whether whole numbers look like the rows' names: a different one in every row."""
    whole = all(float(cell) % 1 == 0 for cell in present)
    distinct = len({float(cell) for cell in present})
    called_so = name.lower() in ROW_NUMBER_NAMES and 2 * distinct > n
    return called_so or (whole and distinct == n)


def _note(
    columns: list[Column],
    features: list[NDArray[np.float32]],
    left_out: list[str],
    ids: list[str],
) -> str:
    categories = [column.name for column in columns if column.categories is not None]
    gaps = [int(np.isnan(values).sum()) for values in features]
    numeric = sum(n for n, column in zip(gaps, columns, strict=True) if column.categories is None)
    said = []
    if left_out:
        said.append(f"left out: {', '.join(left_out)}")
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
    if ids:
        looks = "looks like an identifier" if len(ids) == 1 else "look like identifiers"
        leave = f"--ignore {shlex.quote(','.join(ids))} leaves {'it' if len(ids) == 1 else 'them'}"
        said.append(f"{_some(ids)} {looks}: {leave} out")
    return "; ".join(said)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more
