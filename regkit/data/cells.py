"""What the text in one cell of a table can be: a number, missing, a date."""

from __future__ import annotations

import math
import re

__all__ = ["is_date", "is_missing", "is_number", "writes_decimal_commas"]

MISSING = frozenset(("", "na", "n/a", "nan", "null", "?"))
LARGEST = 3.4e38  # of float32
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ].*)?"
    r"|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
)
DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)+")


def is_missing(cell: str) -> bool:
    """Return whether a cell holds no value: empty, NA, N/A, nan, null or a question mark.

    Example:
        >>> [is_missing(cell) for cell in ("", "NaN", "?", "0", "none")]
        [True, True, True, False, False]
    """
    return cell.lower() in MISSING


def is_number(cell: str) -> bool:
    """Return whether a cell is a finite number that float32 can hold.

    Example:
        >>> [is_number(cell) for cell in ("1e3", "-.5", "nan", "inf", "1_000", "1,5")]
        [True, True, False, False, False, False]
    """
    try:
        value = float(cell)
    except ValueError:
        return False
    return math.isfinite(value) and abs(value) < LARGEST and "_" not in cell


def is_date(cell: str) -> bool:
    """Return whether a cell looks like a date or a time of day.

    Example:
        >>> [is_date(cell) for cell in ("2024-01-31", "31.1.24", "12:30", "1.5", "10-20")]
        [True, True, True, False, False]
    """
    return DATE.fullmatch(cell) is not None


def writes_decimal_commas(cell: str) -> bool:
    """Return whether a cell is a number written with a comma, as in 1,5 or 1,234.

    Example:
        >>> [writes_decimal_commas(cell) for cell in ("1,5", "-1,234", "1.5", "a,b")]
        [True, True, False, False]
    """
    return DECIMAL_COMMA.fullmatch(cell) is not None
