"""Reading `.npz` and `.csv` files, with messages that name the file, line and column."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regkit.core.errors import suggest
from regkit.data.arrays import from_arrays
from regkit.data.cells import is_missing, is_number
from regkit.data.dataset import DataError, Dataset
from regkit.data.tables import Table, encode

__all__ = ["read_csv", "read_npz"]

TARGET_NAMES = ("target", "label", "class", "y")


def read_npz(path: Path, task: str | None = None) -> Dataset:
    """Return the arrays `x, y` or `x_train, y_train[, x_test, y_test]` of an `.npz` file.

    A test part is kept apart as a fixed test set: whoever published it meant results on it to be
    comparable, and pooling would hide that the two parts may differ.

    Raises:
        DataError: where it is no such file or the arrays are missing.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(f"{path}: not a readable .npz file of plain arrays ({error})") from error
    for keys in (("x", "y"), ("x_train", "y_train")):
        if keys[0] in arrays and keys[1] not in arrays:
            raise DataError(f"{path}: no labels; it has {keys[0]!r} but no {keys[1]!r}")
        if all(key in arrays for key in keys):
            test = {key: arrays[key] for key in ("x_test", "y_test") if key in arrays}
            return from_arrays(arrays[keys[0]], arrays[keys[1]], path.name, task=task, **test)
    raise DataError(
        f"{path}: expected arrays 'x' and 'y', or 'x_train' and 'y_train' (and 'x_test', "
        f"'y_test'); it holds {', '.join(sorted(arrays)) or 'nothing'}"
    )


def read_csv(
    path: Path,
    target: str | int | None = None,
    task: str | None = None,
    ignore: Sequence[str | int] = (),
) -> Dataset:
    """Return the table of a `.csv` file: numbers, categories, and a column of labels.

    Args:
        path: The file; commas, semicolons or tabs; a first line without numbers is a header.
        target: The label column by name or index; None means a column called target, label,
            class or y, else the last (and the note says so).
        task: `"classification"`, `"regression"`, or None, see `from_arrays`.
        ignore: Columns to leave out, by name or index; a text may hold several, with commas.

    Raises:
        DataError: for an empty or ragged file, no label column, cells that fit no column.
    """
    rows, lines = _rows(path)
    header = rows[0] if _is_header(rows) else None
    if header is not None:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise DataError(f"{path}: empty; there is a header but no examples")
    width = len(header or rows[0])
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise DataError(f"{path}, line {line}: {len(row)} cells where {width} are expected")
    if width < 2:
        raise DataError(f"{path}: one column only; features and a label column are needed")
    chosen, note = _target_column(path, header, width, target)
    ignored = _ignored(path, header, width, ignore)
    names = header or [f"column {index}" for index in range(width)]
    if chosen in ignored:
        raise DataError(
            f"{path}: {names[chosen]!r} is the label column, which cannot be ignored; name another "
            "one (target, --target), or do not ignore it"
        )
    cells = [list(column) for column in zip(*rows, strict=True)]
    labels = _labels(cells[chosen], path, lines, names[chosen], task)
    kept = [index for index in range(width) if index != chosen and index not in ignored]
    table = Table(path, [names[i] for i in kept], [cells[i] for i in kept], lines)
    features, columns, said = encode(table)
    without = f"ignored: {', '.join(repr(names[i]) for i in ignored)}" if ignored else ""
    note = "; ".join(filter(None, (note, without, said)))
    return from_arrays(features, labels, path.name, note=note, task=task, columns=columns)


def _rows(path: Path) -> tuple[list[list[str]], list[int]]:
    """Return the non-blank rows, and the line of the file at which each one ends."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not text in UTF-8 ({error})") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise DataError(f"{path}: empty")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from error
    return rows, lines


def _is_header(rows: list[list[str]]) -> bool:
    """Return whether the first row names the columns rather than being an example.

    Names are no numbers, and in a table of text alone they do not all recur below themselves.
    """
    first = rows[0]
    if any(is_number(cell) or cell in ("?", "nan", "NaN") for cell in first):
        return False
    return not all(
        any(len(row) > index and row[index] == cell for row in rows[1:])
        for index, cell in enumerate(first)
    )


def _target_column(
    path: Path, header: list[str] | None, width: int, target: str | int | None
) -> tuple[int, str]:
    named = {name.lower(): index for index, name in enumerate(header or [])}
    if target is None:
        for name in TARGET_NAMES:
            if name in named:
                return named[name], f"labels from column {name!r}"
        return width - 1, "labels from the last column, as none is called " + ", ".join(
            TARGET_NAMES
        )
    index = _column(path, header, width, target)
    by_name = str(target).lower() in named
    return index, f"labels from column {target if not by_name else repr(target)}"


def _ignored(
    path: Path, header: list[str] | None, width: int, ignore: Sequence[str | int]
) -> list[int]:
    """Return the places of the columns to leave out; names with commas come before lists."""
    named = {name.lower() for name in header or []}
    wanted: list[str | int] = []
    for one in ignore:
        whole = not isinstance(one, str) or one.lower() in named
        wanted += [one] if whole else [part.strip() for part in str(one).split(",")]
    return sorted({_column(path, header, width, one) for one in wanted})


def _column(path: Path, header: list[str] | None, width: int, wanted: str | int) -> int:
    """Return the place of a column that is wanted by name or index."""
    named = {name.lower(): index for index, name in enumerate(header or [])}
    if str(wanted).lower() in named:
        return named[str(wanted).lower()]
    try:
        index = int(wanted)
    except ValueError:
        known = f"columns: {', '.join(header)}" if header else f"no header, give 0 to {width - 1}"
        near = suggest(str(wanted).lower(), named)
        raise DataError(f"{path}: no column is called {wanted!r}{near} ({known})") from None
    if not -width <= index < width:
        raise DataError(f"{path}: no column {index}; there are {width}, 0 to {width - 1}")
    return index % width


def _labels(
    cells: list[str], path: Path, lines: list[int], column: str, task: str | None
) -> np.ndarray[Any, Any]:
    """Return labels as numbers where all of them are, else as names."""
    numbers = [float(cell) for cell in cells if is_number(cell)]
    measured = 2 * len(numbers) >= len(cells) and any(one % 1 for one in numbers)
    measured = task == "regression" or (task is None and measured)
    for cell, line in zip(cells, lines, strict=True):
        where = f"{path}, line {line}, column {column!r}"
        if is_missing(cell):
            said = f" ({cell!r})" if cell else ""
            raise DataError(f"{where}: the label is missing{said}; complete or delete the line")
        if measured and not is_number(cell):
            raise DataError(
                f"{where}: the label {cell!r} is not a finite number; a regression needs numbers"
            )
    return np.asarray(numbers if len(numbers) == len(cells) else cells)
