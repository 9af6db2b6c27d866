"""Whether the first row of a text names the columns: a guess, with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regkit.data.cells import are_dates, are_missing
from regkit.data.needed import needed
from regkit.data.numbers import form, parse

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Signs", "signs", "verdict"]

SAMPLE = 1000  # rows that decide a column's kind
FRACTION = r"\d[.,]\d"
YEARS = (1800, 2200)
MANY = 5  # more numbers than this seldom rise in one row, and in none below, by chance


@dataclass(frozen=True)
class Signs:
    """Signs that the first row is a header or an example, each with a cell that shows it.

    Attributes:
        names: For a header: a cell of another kind than those below it, as a word above numbers,
            or a number above words.
        new_word: For a header, weaker: a word that is not among the words below, which repeat.
        recurs: For an example: a word that is among the words below.
        similar: For an example, weaker: a number with a fraction above such numbers.
        counts: For neither: numbers that rise from cell to cell, as years, wavelengths or the
            default names of a DataFrame do, or whole numbers above a column without any.
        words: Whether all cells of the row are words.
    """

    names: str | None = None
    new_word: str | None = None
    recurs: str | None = None
    similar: str | None = None
    counts: str | None = None
    words: bool = False

    @property
    def like_a_name(self) -> str | None:
        """A cell that looks like a name; it may be empty, as the name of a DataFrame's index is."""
        return self.new_word if self.names is None else self.names

    @property
    def like_a_value(self) -> str | None:
        """A cell that looks like a value."""
        return self.similar if self.recurs is None else self.recurs


def verdict(evidence: Signs) -> bool | None:
    """Return whether the first row is a header; None where its cells contradict each other.

    Example:
        >>> verdict(Signs(names="age")), verdict(Signs(recurs="yes")), verdict(Signs(counts="0"))
        (True, False, None)
    """
    header = evidence.like_a_name is not None
    example = evidence.like_a_value is not None
    if header and example:
        return None
    if header or (evidence.words and not example):
        return True
    return None if evidence.counts is not None and evidence.recurs is None else False


def signs(first: Sequence[str], below: Sequence[pyarrow.Array]) -> Signs:
    """Return the signs in a first row and the columns below it (pyarrow arrays).

    Example:
        >>> import pyarrow
        >>> signs(["2019", "label"], [pyarrow.array(["5.1", "7.2"]), pyarrow.array(["a", "a"])])
        Signs(names=None, new_word='label', recurs=None, similar=None, counts=None, words=False)
    """
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    cells_by_sign: dict[str, str] = {}
    for cell, cells in zip(first, below, strict=True):
        sign = _sign(pa.array([cell]), cells)
        if sign:
            cells_by_sign.setdefault(sign, cell)
    if _in_doubt(first, below):
        cells_by_sign["counts"] = first[0]
    words = all(not _is_number(pa.array([cell])) for cell in first)
    if words and "names" in cells_by_sign:
        # All words, one of them above numbers: a name may well be a word of its column, too.
        cells_by_sign.pop("recurs", None)
    return Signs(**cells_by_sign, words=words and not pc.any(are_missing(pa.array(first))).as_py())


def _sign(first: pyarrow.Array, below: pyarrow.Array) -> str | None:
    """Return the sign in one column: the name of a field of `Signs`, or None."""
    pc = needed("pyarrow.compute")
    cell = first[0].as_py()
    start = below.slice(0, SAMPLE)
    values = start.filter(pc.invert(are_missing(start)))
    n = len(values)
    if cell == "":
        row_numbers = parse(below)
        counted = any(np.array_equal(row_numbers, np.arange(len(below)) + k) for k in (0, 1))
        return "names" if counted and len(below) > 1 else None
    if n == 0 or pc.any(are_missing(first)).as_py():
        return None
    numbers, dates = _count_numbers(values), int(pc.sum(are_dates(values)).as_py())
    if _is_number(first):
        if numbers == dates == 0:
            return "names"
        fractions = pc.match_substring_regex(values, FRACTION)
        with_fraction = pc.match_substring_regex(first, FRACTION)
        similar = numbers == n and with_fraction[0].as_py() and pc.any(fractions).as_py()
        return "similar" if similar else None
    if pc.any(are_dates(first)).as_py():
        return "similar" if 2 * dates > n else None
    if 2 * max(numbers, dates) > n:
        return "names"
    if pc.any(pc.equal(below, first[0])).as_py():
        return "recurs"
    return "new_word" if 2 * len(pc.unique(values)) <= n else None


def _count_numbers(cells: pyarrow.Array) -> int:
    pc = needed("pyarrow.compute")
    numbers = [pc.match_substring_regex(cells, form(mark)) for mark in (".", ",")]
    return int(pc.sum(pc.or_(*numbers)).as_py() or 0)


def _is_number(cell: pyarrow.Array) -> bool:
    return _count_numbers(cell) == 1


def _in_doubt(first: Sequence[str], below: Sequence[pyarrow.Array]) -> bool:
    """Return whether a row of numbers may be names: they follow each other as in no row below."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    head = zip(*(cells.slice(0, 20).to_pylist() for cells in below), strict=True)
    follow = [_follow(parse(pa.array(row, pa.string()))) for row in (first, *head)]
    if follow[0] and not any(follow[1:]):
        return True
    if not all(cell.isascii() and cell.isdigit() for cell in first):
        return False
    for cells in below:
        start = cells.slice(0, SAMPLE)
        values = start.filter(pc.invert(are_missing(start)))
        if len(values) > 1 and pc.all(pc.match_substring_regex(values, FRACTION)).as_py():
            return True
    return False


def _follow(row: NDArray[np.float64]) -> bool:
    """Return whether numbers follow each other as names do: 0, 1, 2, years, or many that rise."""
    steps = np.diff(row)
    if len(row) < 2 or not (steps > 0).all():  # NaN, where a cell is no number, is not above 0
        return False
    counts = bool(row[0] in (0, 1) and (steps == 1).all())
    years = bool((row % 1 == 0).all() and YEARS[0] <= row[0] and row[-1] <= YEARS[1])
    even = len(row) > 3 and bool(np.allclose(steps, steps[0], rtol=1e-3))
    return counts or years or even or len(row) > MANY
