"""From the columns of a table to numbers: which one is numeric, which one holds categories."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.data.cells import are_dates, are_missing
from regkit.data.dataset import Column, DataError
from regkit.data.decimals import decimal_marks
from regkit.data.needed import needed
from regkit.data.numbers import ENOUGH, evidence, is_plain, parse, units
from regkit.data.raw import Raw, Table, present
from regkit.data.said import ROW_NUMBER_NAMES, Said, Written

__all__ = ["encode", "marks_of", "read_numbers"]

MOST_CATEGORIES = 1000


def marks_of(table: Table, decimal: str | None) -> dict[int, str]:
    """Return the decimal mark of each text column in which most cells are numbers.

    Raises:
        DataError: where a mark cannot be told.
    """
    found = {}
    for place, raw in enumerate(table.columns):
        if raw.kind != "text":
            continue
        cells = present(raw.cells)
        if _are_numbers(cells):
            found[place] = evidence(cells)
    names = [one.name for one in table.columns]
    return decimal_marks(found, names, table.where, decimal, table.separator)


def _are_numbers(cells: Any) -> bool:
    """Return whether most cells are numbers with either mark, by some evenly over the column."""
    there = cells.drop_null()
    if len(there) > ENOUGH:
        there = there.take(np.linspace(0, len(there) - 1, ENOUGH).astype(np.int64))
    known = (np.isfinite(parse(there, mark)).sum() for mark in (".", ","))
    return any(2 * n >= max(len(there), 1) for n in known)


def encode(
    table: Table, marks: dict[int, str], also: Sequence[Written] = ()
) -> tuple[NDArray[np.float32], tuple[Column, ...], str]:
    """Return the table as numbers, what each of its columns is, and a note on what was assumed.

    A column of text is one of categories if most of the cells that are not missing are no numbers;
    in any other, a cell that is none is an error. Categories become their place in sorted order,
    missing cells NaN. Columns without any value and row numbers are left out.

    Args:
        table: The feature columns.
        marks: The decimal mark of the columns that have one, by their places.
        also: Columns that are no features, of which the note tells, too, how they are written.

    Raises:
        DataError: for a text in a column of numbers; for dates, and for text that is different in
            most rows, of which nothing can be learnt.

    Example:
        >>> import pyarrow
        >>> cells = [["1", "2", "?"], ["red", "blue", "red"]]
        >>> raws = [Raw(name, pyarrow.array(one)) for name, one in zip(["size", "colour"], cells)]
        >>> encode(Table("t.csv", raws), {})[0].tolist()
        [[1.0, 1.0], [2.0, 0.0], [nan, 1.0]]
    """
    features, columns = [], []
    said = Said(written=list(also))
    for place, raw in enumerate(table.columns):
        if raw.gaps().all():
            said.left_out.append(f"{raw.name!r} (no values)")
            continue
        read = _as_numbers(table, raw, marks.get(place, "."))
        if read is None:
            values, categories = _as_categories(table, raw, marks.get(place, "."))
            columns.append(Column(raw.name, categories))
        elif _counts_rows(raw.name, read.values):
            said.left_out.append(f"{raw.name!r} (row numbers)")
            continue
        else:
            values = read.values
            said.written.append(read)
            said.ids += [raw.name] if _names_rows(raw.name, values) else []
            columns.append(Column(raw.name))
        features.append(values.astype(np.float32))
    if not features:
        raise DataError(f"{table.where}: no features; beside the labels no column holds any")
    gaps = [int(np.isnan(values).sum()) for values in features]
    return np.stack(features, axis=1), tuple(columns), said.note(columns, gaps)


def _as_numbers(table: Table, raw: Raw, mark: str) -> Written | None:
    """Return a column as numbers, or None where it is one of categories."""
    if raw.kind == "number":
        return Written(raw.name, raw.cells)
    if raw.kind in ("category", "words"):
        return None
    if raw.kind == "date":
        raise _dates(table, raw.name, raw.cells.drop_null()[0].as_py())
    cells = present(raw.cells)
    values = parse(cells, mark)
    n, known = len(cells) - cells.null_count, int(np.isfinite(values).sum())
    if n == 0 or 2 * known < n:
        return None
    if known < n:
        row = int(np.flatnonzero(np.isnan(values) & ~np.asarray(cells.is_null()))[0])
        other = np.isfinite(parse(cells.slice(row, 1), "," if mark == "." else "."))[0]
        raise DataError(
            f"{table.at(row, raw.name)}: {cells[row].as_py()!r} is not a finite number, as most "
            "cells of this column are"
            + f", whose decimal mark is {mark!r}" * bool(other)
            + ". Correct it, or empty it to have it imputed"
        )
    return read_numbers(table, raw, values)


def read_numbers(table: Table, raw: Raw, values: NDArray[np.float64]) -> Written:
    """Return the numbers of a column of text with what to say of how they are written.

    Raises:
        DataError: where some have another currency or percent sign than others.
    """
    pc = needed("pyarrow.compute")
    strict = are_missing(raw.cells)
    words = pc.unique(raw.cells.filter(pc.and_not(present(raw.cells).is_null(), strict)))
    cells = present(raw.cells)
    if is_plain(cells):
        return Written(raw.name, values, words=tuple(words.to_pylist()))
    signs = units(cells.drop_null())
    mixed = [cell for sign, cell in signs if sign]
    if len(mixed) > 1 or (len(signs) > 1 and signs[0][0] + signs[1][0] in ("%", "‰")):
        raise DataError(
            f"{table.where}, column {raw.name!r}: {signs[0][1]!r} and {signs[1][1]!r} are in "
            "different units; write all cells in one"
        )
    odd = pc.fill_null(pc.match_substring_regex(cells, r"[^\d.+\-eE]|\..*\."), False)
    row = int(pc.index(odd, True).as_py())
    return Written(raw.name, values, (cells[row].as_py(), values[row]), tuple(words.to_pylist()))


def _as_categories(
    table: Table, raw: Raw, mark: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    cells = pc.if_else(pa.array(raw.gaps()), pa.scalar(None, pa.string()), raw.cells)
    there = cells.drop_null()
    categories = tuple(sorted(pc.unique(there).to_pylist()))
    if raw.kind == "text":
        _check_mark(table, raw.name, there, mark)
    if raw.kind != "category":
        _check_categories(table, raw.name, there, len(categories))
    codes = pc.index_in(cells, pa.array(categories, pa.string()))
    return pc.cast(codes, pa.float64()).to_numpy(zero_copy_only=False), categories


def _check_mark(table: Table, name: str, there: Any, mark: str) -> None:
    """Raise where text is numbers with another decimal mark than the one that was asked for."""
    if 2 * np.isfinite(parse(there, "," if mark == "." else ".")).sum() >= len(there):
        raise DataError(
            f"{table.where}, column {name!r} holds numbers such as {there[0].as_py()!r}, whose "
            f"decimal mark is not {mark!r}; name another one (decimal, --decimal), or write all "
            "columns in one way"
        )


def _check_categories(table: Table, name: str, there: Any, distinct: int) -> None:
    """Raise where text is dates, or different in most rows."""
    pc = needed("pyarrow.compute")
    where, first = f"{table.where}, column {name!r}", there[0].as_py()
    if 2 * pc.sum(are_dates(there)).as_py() > len(there):
        raise _dates(table, name, first)
    if distinct > max(5, len(there) / 2) or distinct > MOST_CATEGORIES:
        raise DataError(
            f"{where} is text with {distinct} different values in {len(there)} rows, such as "
            f"{first!r}: a name, an id or free text, not a category. Leave the "
            f"column out (ignore, --ignore {shlex.quote(name)}), or "
            f"merge its values into categories that recur (at most {MOST_CATEGORIES})"
        )


def _dates(table: Table, name: str, cell: str) -> DataError:
    return DataError(
        f"{table.where}, column {name!r} holds dates or times, such as {cell!r}, which are not "
        "read. Put a number there, such as days since the first, or leave the column out (ignore, "
        f"--ignore {shlex.quote(name)})"
    )


def _counts_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether a column counts the rows, which tells a sorted file's labels."""
    if name.lower() not in ROW_NUMBER_NAMES:
        return False
    return any(np.array_equal(values, np.arange(len(values)) + start) for start in (0, 1))


def _names_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether whole numbers look like the rows' names: a different one in every row."""
    there = values[~np.isnan(values)]
    distinct = len(np.unique(there))
    called_so = name.lower() in ROW_NUMBER_NAMES and 2 * distinct > len(values)
    return called_so or (distinct == len(values) and bool((there % 1 == 0).all()))
