"""From the columns of a table to numbers: which are numeric, and which hold categories."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regkit.data.cells import are_dates, are_missing
from regkit.data.dataset import Column, DataError
from regkit.data.decimals import decimal_marks
from regkit.data.needed import needed
from regkit.data.numbers import ENOUGH, evidence, is_plain, parse, units
from regkit.data.raw import Raw, Table, present
from regkit.data.table_note import ROW_NUMBER_NAMES, TableNote, Written

if TYPE_CHECKING:
    import pyarrow

__all__ = ["encode", "marks_of", "read_numbers"]

MOST_CATEGORIES = 1000


def marks_of(table: Table, decimal: str | None) -> dict[int, str]:
    """Return the decimal mark of each text column in which most cells are numbers.

    Raises:
        DataError: where the table leaves a mark open.
    """
    proofs = {}
    for place, raw in enumerate(table.columns):
        if raw.kind != "text":
            continue
        cells = present(raw.cells)
        if _are_numbers(cells):
            proofs[place] = evidence(cells)
    names = [raw.name for raw in table.columns]
    return decimal_marks(proofs, names, table.where, decimal, table.separator)


def _are_numbers(cells: pyarrow.Array) -> bool:
    """Return whether most cells are numbers with either mark, by a sample of a long column."""
    values = cells.drop_null()
    if len(values) > ENOUGH:
        values = values.take(np.linspace(0, len(values) - 1, ENOUGH).astype(np.int64))
    numbers = (np.isfinite(parse(values, mark)).sum() for mark in (".", ","))
    return any(2 * n >= max(len(values), 1) for n in numbers)


def encode(
    table: Table, marks: dict[int, str], also: Sequence[Written] = ()
) -> tuple[NDArray[np.float32], tuple[Column, ...], str]:
    """Return the table as numbers, a description of each column, and a note on what was assumed.

    A column of text holds categories if most of the cells that are not missing are no numbers;
    otherwise a cell that is no number is an error. A category becomes its position in sorted order,
    a missing cell NaN. Columns without any value and row numbers are left out.

    Args:
        table: The feature columns.
        marks: The decimal mark of the columns that have one, by their positions.
        also: Further columns, no features, for the note on how numbers are written.

    Raises:
        DataError: for a text in a column of numbers, for dates, and for text that differs in most
            rows, from which nothing can be learnt.

    Example:
        >>> import pyarrow
        >>> cells = [["1", "2", "?"], ["red", "blue", "red"]]
        >>> raws = [Raw(name, pyarrow.array(part)) for name, part in zip(["size", "colour"], cells)]
        >>> encode(Table("t.csv", raws), {})[0].tolist()
        [[1.0, 1.0], [2.0, 0.0], [nan, 1.0]]
    """
    features, columns = [], []
    note = TableNote(written=list(also))
    for place, raw in enumerate(table.columns):
        if raw.gaps().all():
            note.left_out.append(f"{raw.name!r} (no values)")
            continue
        read = _as_numbers(table, raw, marks.get(place, "."))
        if read is None:
            values, categories = _as_categories(table, raw, marks.get(place, "."))
            columns.append(Column(raw.name, categories))
        elif _counts_rows(raw.name, read.values):
            note.left_out.append(f"{raw.name!r} (row numbers)")
            continue
        else:
            values = read.values
            note.written.append(read)
            note.ids += [raw.name] if _names_rows(raw.name, values) else []
            columns.append(Column(raw.name))
        features.append(values.astype(np.float32))
    if not features:
        raise DataError(f"{table.where}: no features; no column beside the labels holds any values")
    gaps = [int(np.isnan(values).sum()) for values in features]
    return np.stack(features, axis=1), tuple(columns), note.in_words(columns, gaps)


def _as_numbers(table: Table, raw: Raw, mark: str) -> Written | None:
    """Return a column as numbers, or None where it holds categories."""
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
    """Return the numbers of a column of text, with an example of how they are written.

    Raises:
        DataError: for cells in different currencies, or of which some have a percent sign.
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
    values = cells.drop_null()
    categories = tuple(sorted(pc.unique(values).to_pylist()))
    if raw.kind == "text":
        _check_mark(table, raw.name, values, mark)
    if raw.kind != "category":
        _check_categories(table, raw.name, values, len(categories))
    codes = pc.index_in(cells, pa.array(categories, pa.string()))
    return pc.cast(codes, pa.float64()).to_numpy(zero_copy_only=False), categories


def _check_mark(table: Table, name: str, cells: pyarrow.Array, mark: str) -> None:
    """Refuse text that is numbers with another decimal mark than the user named."""
    if 2 * np.isfinite(parse(cells, "," if mark == "." else ".")).sum() >= len(cells):
        raise DataError(
            f"{table.where}, column {name!r} holds numbers such as {cells[0].as_py()!r}, whose "
            f"decimal mark is not {mark!r}; name another one (decimal, --decimal), or write all "
            "columns in one way"
        )


def _check_categories(table: Table, name: str, cells: pyarrow.Array, distinct: int) -> None:
    """Refuse text that is dates, or that differs in most rows."""
    pc = needed("pyarrow.compute")
    where, first = f"{table.where}, column {name!r}", cells[0].as_py()
    if 2 * pc.sum(are_dates(cells)).as_py() > len(cells):
        raise _dates(table, name, first)
    if distinct > max(5, len(cells) / 2) or distinct > MOST_CATEGORIES:
        raise DataError(
            f"{where} is text with {distinct} different values in {len(cells)} rows, such as "
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
    """Return whether a column counts the rows, which in a sorted file gives the labels away."""
    if name.lower() not in ROW_NUMBER_NAMES:
        return False
    return any(np.array_equal(values, np.arange(len(values)) + start) for start in (0, 1))


def _names_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether numbers look like identifiers: whole, and another one in every row."""
    present_values = values[~np.isnan(values)]
    distinct = len(np.unique(present_values))
    named_so = name.lower() in ROW_NUMBER_NAMES and 2 * distinct > len(values)
    return named_so or (distinct == len(values) and bool((present_values % 1 == 0).all()))
