"""Numbers as people write them: decimal marks, thousands, currencies, percent, parentheses.

Pure functions on whole columns of text, in pyarrow's vectorised kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regkit.data.needed import needed

if TYPE_CHECKING:
    import pyarrow

__all__ = ["ENOUGH", "LARGEST", "Evidence", "evidence", "form", "is_plain", "parse", "units"]

LARGEST = 3.4e38  # of float32
ENOUGH = 1000  # cells to read first; all are read where these leave it open
SPACE = "[ \u00a0\u2009\u202f]"
CURRENCY = r"(?:\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK)"


def form(decimal: str) -> str:
    r"""Return the regular expression (RE2) of a whole cell that is a number.

    Thousands are groups of three digits after a first group of one to three that does not begin
    with 0, separated by the other mark, by spaces or by apostrophes; with commas also India's
    lakhs, 12,34,567.

    Args:
        decimal: The decimal mark, `"."` or `","`.

    Example:
        >>> import re
        >>> number = re.compile(form(".").replace(r"\p{Sc}", "[$€]"))  # Python has no \p
        >>> [cell for cell in ("1,234.5", "(12)", "-1e5", "0,123", "1.2.3") if number.match(cell)]
        ['1,234.5', '(12)', '-1e5']
    """
    mark, other = (r"\.", ",") if decimal == "." else (",", r"\.")
    groups = [
        rf"[1-9]\d{{0,2}}(?:{mark_between}\d{{3}})+" for mark_between in (other, SPACE, "['’]")
    ]
    groups += [r"[1-9]\d?(?:,\d{2})+,\d{3}"] if decimal == "." else []
    fraction = rf"(?:{mark}\d*)?" if decimal == "." else rf"(?:{mark}\d+)?"
    exponent = r"(?:[eE][+-]?\d+)?"
    digits = rf"(?:(?:{'|'.join(groups)}){fraction}|(?:\d+{fraction}|{mark}\d+){exponent})"
    before, after = rf"(?:{CURRENCY}{SPACE}?)?", rf"(?:{SPACE}?(?:{CURRENCY}|[%‰]))?"
    sign = rf"[+\-−]{SPACE}?"
    signed = rf"(?:{sign})?{before}{digits}|{before}{sign}{digits}"
    return rf"^(?:(?:{signed}){after}|\({before}{digits}{after}\))$"


@dataclass(frozen=True)
class Evidence:
    """The evidence in a column for its decimal mark: the first cell of each kind.

    Attributes:
        point: A number only with a decimal point, such as 1.5.
        comma: A number only with a decimal comma, such as 1,5.
        unclear_comma: 1234 with a decimal point and 1.234 with a comma, such as 1,234.
        unclear_point: The reverse, such as 1.234.
        whole: Where there are such cells, a number with neither mark, such as 12.
    """

    point: str | None = None
    comma: str | None = None
    unclear_comma: str | None = None
    unclear_point: str | None = None
    whole: str | None = None

    @property
    def is_clear(self) -> bool:
        """Whether any cell proves a mark."""
        return self.point is not None or self.comma is not None


def evidence(cells: pyarrow.Array) -> Evidence:
    """Return the evidence in a column of text (a pyarrow array, trimmed) for its decimal mark.

    Example:
        >>> import pyarrow
        >>> evidence(pyarrow.array(["1,5", "1,234", "7"]))
        Evidence(point=None, comma='1,5', unclear_comma='1,234', unclear_point=None, whole='7')
    """
    pc = needed("pyarrow.compute")
    if len(cells) > ENOUGH and (first := evidence(cells.slice(0, ENOUGH))).is_clear:
        return first  # a later cell that contradicts it is then no number, which is an error
    marked = cells.filter(pc.match_substring_regex(cells, "[.,]"))
    if not len(marked):
        return Evidence()
    with_point = pc.match_substring_regex(marked, form("."))
    with_comma = pc.match_substring_regex(marked, form(","))
    both = pc.and_(with_point, with_comma)
    has_comma = pc.match_substring(marked, ",")

    bare = pc.match_substring_regex(cells, r"^[^\d.,]*\d+[^\d.,]*$")
    return Evidence(
        _first(marked, pc.and_not(with_point, with_comma)),
        _first(marked, pc.and_not(with_comma, with_point)),
        _first(marked, pc.and_(both, has_comma)),
        _first(marked, pc.and_not(both, has_comma)),
        _first(cells, bare),
    )


def _first(cells: pyarrow.Array, mask: pyarrow.BooleanArray) -> str | None:
    chosen = cells.filter(mask)
    return chosen[0].as_py() if len(chosen) else None


def is_plain(cells: pyarrow.Array) -> bool:
    """Return whether all cells of a column are numbers as programs write them.

    Example:
        >>> import pyarrow
        >>> is_plain(pyarrow.array(["1.5", "-2e3", None])), is_plain(pyarrow.array(["1,5"]))
        (True, False)
    """
    try:
        _floats(cells.slice(0, ENOUGH))  # the first cells mostly decide, and fast
        _floats(cells)
    except needed("pyarrow").ArrowInvalid:
        return False
    return True


def parse(cells: pyarrow.Array, decimal: str = ".") -> NDArray[np.float64]:
    """Return a column of text as numbers, NaN for what is no finite number of float32's range.

    A percent sign or currency is dropped, so that 12 % is 12.

    Example:
        >>> import pyarrow
        >>> parse(pyarrow.array(["$1,234.50", "(7)", "12 %", "inf", "x"])).tolist()
        [1234.5, -7.0, 12.0, nan, nan]
        >>> parse(pyarrow.array(["1.234,5 €", "−2,5e3", "1.5"]), ",").tolist()
        [1234.5, -2500.0, nan]
    """
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    values: NDArray[np.float64]
    try:  # fast, for the many columns whose numbers have nothing special but a decimal mark
        _floats(pc.replace_substring(cells.slice(0, ENOUGH), decimal, "."))
        if decimal == ",":
            if pc.any(pc.match_substring_regex(cells, r"\.|,$")).as_py():
                raise pa.ArrowInvalid("a point that may stand between thousands")
            values = _floats(pc.replace_substring(cells, ",", "."))
        else:
            values = _floats(cells)
    except pa.ArrowInvalid:
        values = _floats(_plain(cells, decimal))
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) < LARGEST, values, np.nan)


def _floats(cells: pyarrow.Array) -> NDArray[np.float64]:
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    numbers = pc.fill_null(pc.cast(cells, pa.float64()), float("nan"))
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)


def _plain(cells: pyarrow.Array, decimal: str) -> pyarrow.Array:
    """Return numbers in the form that pyarrow parses, null for cells that are none."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    known = pc.match_substring_regex(cells, form(decimal))
    cells = pc.if_else(known, cells, pa.scalar(None, pa.string()))
    negative = pc.match_substring_regex(cells, r"^[^\d.,]*[-−(]")
    bare = pc.replace_substring_regex(cells, r"^[^\d.,]+|[^\d.,]+$", "")
    thousands = "[,'’ \u00a0\u2009\u202f]" if decimal == "." else "[.'’ \u00a0\u2009\u202f]"
    bare = pc.replace_substring_regex(bare, thousands, "")
    bare = pc.replace_substring(bare, decimal, ".")
    return pc.if_else(negative, pc.binary_join_element_wise("-", bare, ""), bare)


def units(cells: pyarrow.Array) -> list[tuple[str, str]]:
    """Return the units beside the numbers of a column, each with a cell that has it.

    Args:
        cells: The cells that are numbers; a cell without a unit has the unit `""`.

    Example:
        >>> import pyarrow
        >>> units(pyarrow.array(["$5", "7", "$-1.5e3"]))
        [('$', '$5'), ('', '7')]
    """
    pc = needed("pyarrow.compute")
    if not pc.any(pc.match_substring_regex(cells, r"[\p{Sc}%‰A-DF-Za-df-z]")).as_py():
        return [("", cells[0].as_py())]
    bare = pc.replace_substring_regex(cells, r"\d[eE][+-]?\d", "")
    signs = pc.replace_substring_regex(bare, "[\\d.,'’()+\\-−\\s\u00a0\u2009\u202f]", "")
    firsts = {sign: pc.index(signs, sign).as_py() for sign in pc.unique(signs).to_pylist()}
    return [(sign, cells[row].as_py()) for sign, row in firsts.items()]
