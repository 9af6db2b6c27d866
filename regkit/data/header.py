"""Whether the first row of a text names the columns: a guess, with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.data.cells import are_dates, are_missing
from regkit.data.needed import needed
from regkit.data.numbers import form, parse

__all__ = ["Signs", "signs", "verdict"]

SAMPLE = 1000  # rows by which a column's kind is told
FRACTION = r"\d[.,]\d"
YEARS = (1800, 2200)
MANY = 5  # numbers seldom rise in one row and in none below by chance


@dataclass(frozen=True)
class Signs:
    """What the columns tell about the first row; each sign with a cell of it that shows it.

    Attributes:
        names: It is a header: its cell is of another kind than those below, as a word above
            numbers, or a number above words.
        new_word: Weaker: a word that never recurs below, where the words below do.
        recurs: It is an example: its cell is one of the words below.
        alike: Weaker: a number with a fraction above such numbers.
        counts: In doubt: numbers that rise from cell to cell, as years, wavelengths or a frame's
            own names do, or whole numbers above a column without any.
        words: All its cells are words.
    """

    names: str | None = None
    new_word: str | None = None
    recurs: str | None = None
    alike: str | None = None
    counts: str | None = None
    words: bool = False

    @property
    def like_a_name(self) -> str | None:
        """A cell that looks like a name, be it empty as that of a frame's index is."""
        return self.new_word if self.names is None else self.names

    @property
    def like_a_value(self) -> str | None:
        """A cell that looks like a value."""
        return self.alike if self.recurs is None else self.recurs


def verdict(found: Signs) -> bool | None:
    """Return whether the first row is a header; None where its cells contradict each other.

    Example:
        >>> verdict(Signs(names="age")), verdict(Signs(recurs="yes")), verdict(Signs(counts="0"))
        (True, False, None)
    """
    header = found.like_a_name is not None
    example = found.like_a_value is not None
    if header and example:
        return None
    if header or (found.words and not example):
        return True
    return None if found.counts is not None and found.recurs is None else False


def signs(first: Sequence[str], below: Sequence[Any]) -> Signs:
    """Return what a first row and the columns below it (pyarrow arrays) tell.

    Example:
        >>> import pyarrow
        >>> signs(["2019", "label"], [pyarrow.array(["5.1", "7.2"]), pyarrow.array(["a", "a"])])
        Signs(names=None, new_word='label', recurs=None, alike=None, counts=None, words=False)
    """
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    found: dict[str, str] = {}
    for cell, cells in zip(first, below, strict=True):
        sign = _sign(pa.array([cell]), cells)
        if sign:
            found.setdefault(sign, cell)
    if _in_doubt(first, below):
        found["counts"] = first[0]
    words = all(not _is_number(pa.array([cell])) for cell in first)
    if words and "names" in found:
        # A row of words alone above a column of numbers: a name may well recur among the words.
        found.pop("recurs", None)
    return Signs(**found, words=words and not pc.any(are_missing(pa.array(first))).as_py())


def _sign(first: Any, below: Any) -> str | None:
    """Return what one column tells: the name of a field of `Signs`, or None."""
    pc = needed("pyarrow.compute")
    cell = first[0].as_py()
    start = below.slice(0, SAMPLE)
    there = start.filter(pc.invert(are_missing(start)))
    n = len(there)
    if cell == "":
        values = parse(below)
        counted = any(np.array_equal(values, np.arange(len(values)) + k) for k in (0, 1))
        return "names" if counted and len(values) > 1 else None
    if n == 0 or pc.any(are_missing(first)).as_py():
        return None
    numbers, dates = _count_numbers(there), int(pc.sum(are_dates(there)).as_py())
    if _is_number(first):
        if numbers == dates == 0:
            return "names"
        fractions = pc.match_substring_regex(there, FRACTION)
        with_fraction = pc.match_substring_regex(first, FRACTION)
        alike = numbers == n and with_fraction[0].as_py() and pc.any(fractions).as_py()
        return "alike" if alike else None
    if pc.any(are_dates(first)).as_py():
        return "alike" if 2 * dates > n else None
    if 2 * max(numbers, dates) > n:
        return "names"
    if pc.any(pc.equal(below, first[0])).as_py():
        return "recurs"
    return "new_word" if 2 * len(pc.unique(there)) <= n else None


def _count_numbers(cells: Any) -> int:
    pc = needed("pyarrow.compute")
    known = [pc.match_substring_regex(cells, form(mark)) for mark in (".", ",")]
    return int(pc.sum(pc.or_(*known)).as_py() or 0)


def _is_number(cell: Any) -> bool:
    return _count_numbers(cell) == 1


def _in_doubt(first: Sequence[str], below: Sequence[Any]) -> bool:
    """Return whether a row of numbers may be names: unlike every row below in how it goes on."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    head = zip(*(one.slice(0, 20).to_pylist() for one in below), strict=True)
    go_on = [_go_on(parse(pa.array(row, pa.string()))) for row in (first, *head)]
    if go_on[0] and not any(go_on[1:]):
        return True
    if not all(cell.isascii() and cell.isdigit() for cell in first):
        return False
    for cells in below:
        start = cells.slice(0, SAMPLE)
        there = start.filter(pc.invert(are_missing(start)))
        if len(there) > 1 and pc.all(pc.match_substring_regex(there, FRACTION)).as_py():
            return True
    return False


def _go_on(row: NDArray[np.float64]) -> bool:
    """Return whether numbers follow each other as names do: 0, 1, 2, years, or many that rise."""
    steps = np.diff(row)
    if len(row) < 2 or not (steps > 0).all():  # NaN, where a cell is no number, is not above 0
        return False
    counts = bool(row[0] in (0, 1) and (steps == 1).all())
    years = bool((row % 1 == 0).all() and YEARS[0] <= row[0] and row[-1] <= YEARS[1])
    even = len(row) > 3 and bool(np.allclose(steps, steps[0], rtol=1e-3))
    return counts or years or even or len(row) > MANY
