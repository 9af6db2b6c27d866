"""Cells of text that are no numbers: missing values and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regkit.data.needed import needed

if TYPE_CHECKING:
    import pyarrow

__all__ = ["are_dates", "are_missing", "are_no_numbers"]

MISSING = ("", "na", "n/a", "nan", "null", "?", "<na>", "#n/a")
NO_NUMBER = ("-", "--", "—", "–", "none", ".", "n.a.", "(null)", "nil", "missing")
DATE = (
    r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?:[T ].*)?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$"
)


def are_missing(cells: pyarrow.Array) -> pyarrow.BooleanArray:
    """Return which cells hold no value in any kind of column: empty, NA, N/A, nan, null, `?`.

    Example:
        >>> import pyarrow
        >>> are_missing(pyarrow.array(["", "NaN", "?", "0", "none", None])).to_pylist()
        [True, True, True, False, False, True]
    """
    return _among(cells, MISSING)


def are_no_numbers(cells: pyarrow.Array) -> pyarrow.BooleanArray:
    """Return which cells mean a missing value where the other cells are numbers: -, None, n.a.

    Among texts they may be a category or a label.

    Example:
        >>> import pyarrow
        >>> are_no_numbers(pyarrow.array(["-", "None", "x", None])).to_pylist()
        [True, True, False, False]
    """
    pc = needed("pyarrow.compute")
    return pc.and_not(_among(cells, NO_NUMBER), pc.is_null(cells))


def are_dates(cells: pyarrow.Array) -> pyarrow.BooleanArray:
    """Return which cells look like a date or a time of day.

    Example:
        >>> import pyarrow
        >>> are_dates(pyarrow.array(["2024-01-31", "31.1.24", "12:30", "1.5", "10-20"])).to_pylist()
        [True, True, True, False, False]
    """
    pc = needed("pyarrow.compute")
    return pc.fill_null(pc.match_substring_regex(cells, DATE), False)


def _among(cells: pyarrow.Array, words: tuple[str, ...]) -> pyarrow.BooleanArray:
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    listed = pc.is_in(pc.utf8_lower(cells), pa.array(words))
    return pc.or_(listed, pc.is_null(cells))
