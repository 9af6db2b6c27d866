"""What separates the cells of a text: a guess as a pure function, with its evidence."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from regkit.data.cells import are_dates, are_missing
from regkit.data.dataset import DataError
from regkit.data.needed import needed
from regkit.data.numbers import form

__all__ = ["NAMES", "SEPARATORS", "Candidate", "candidates", "guess", "parse_separator", "reader"]

NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
SEPARATORS = tuple(NAMES)
SPELLINGS = {**{name: sign for sign, name in NAMES.items()}, "\\t": "\t", "spaces": " "}
ENOUGH = 1000  # rows that are looked at first; all of them where these do not tell
CLEAR = 0.1  # by so much the best candidate must be better than the next


@dataclass(frozen=True)
class Candidate:
    """How a text looks if one sign separates its cells.

    Attributes:
        separator: The sign.
        width: The number of cells that most rows have.
        share: The fraction of the rows that have it.
        quality: The mean over their cells: 1 for a number, date or missing value, 1/2 for a text,
            0 for a text that another candidate would separate.
    """

    separator: str
    width: int
    share: float
    quality: float

    @property
    def score(self) -> float:
        """How well the sign explains the text, from 0 to 1."""
        return self.share * self.quality


def parse_separator(separator: str | None) -> str | None:
    r"""Return the sign that a user names, or None.

    Raises:
        DataError: for what is neither one character nor the name of one.

    Example:
        >>> parse_separator("semicolon"), parse_separator("\\t"), parse_separator("|")
        (';', '\t', '|')
    """
    if separator is None:
        return None
    sign = SPELLINGS.get(separator, separator) if isinstance(separator, str) else ""
    if len(sign) != 1 or sign.isalnum() or sign in '"\r\n':
        raise DataError(
            f"separator must be one character, or one of {', '.join(NAMES.values())}; received "
            f"{separator!r}"
        )
    return sign


def reader(text: str, separator: str) -> Iterator[list[str]]:
    r"""Return a `csv` reader of a text, whose `line_num` tells the line.

    Spaces separate in runs, and so do tabs among them.

    Example:
        >>> list(reader('1  "a b"\n', " ")), list(reader("1, x\n", ","))
        ([['1', 'a b']], [['1', 'x']])
    """
    # Lines end where csv says so: str.splitlines would break cells at other characters, too.
    lines: Iterator[str] = io.StringIO(text, newline="")
    if separator == " ":
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)


def guess(text: str, where: str) -> Candidate:
    r"""Return the candidate that explains a text.

    Raises:
        DataError: where two explain it about as well; with the option that settles it.

    Example:
        >>> guess("5,3;0,1;0\n4,1;0,7;1\n", "t.csv").separator
        ';'
    """
    for most in (ENOUGH, None):
        found = candidates(text, most)
        if not found:
            return Candidate(",", 1, 1.0, 1.0)
        if len(found) == 1 or found[0].score - found[1].score >= CLEAR:
            return found[0]
    one, two = (NAMES[each.separator] for each in found[:2])
    raise DataError(
        f"{where}: whether {one} or {two} separates the cells cannot be told from the text; name "
        f"the separator: separator={one!r} or {two!r} (--separator)"
    )


def candidates(text: str, most: int | None = None) -> list[Candidate]:
    r"""Return the signs that may separate a text's cells, the best first, by up to `most` rows.

    Example:
        >>> [(one.separator, one.width) for one in candidates("1,2 x,3\n" * 4)]
        [(',', 3), (' ', 2)]
    """
    split: dict[str, tuple[int, int, list[list[str]]]] = {}
    for separator in SEPARATORS:
        rows = _rows(text, separator, most)
        widths = Counter(len(row) for row in rows)
        width = max(widths, key=lambda one: (widths[one], one), default=1)
        if width > 1 and 2 * widths[width] >= len(rows):
            split[separator] = width, len(rows), [row for row in rows if len(row) == width]
    if {"\t", " "} <= split.keys():  # spaces beside tabs are part of the cells, or tabs are spaces
        shares = {one: len(split[one][2]) / split[one][1] for one in "\t "}
        del split["\t" if shares[" "] > shares["\t"] else " "]
    others = {one: [sign for sign in split if sign not in (one, " ")] for one in split}
    found = [
        Candidate(one, width, len(rows) / n, _quality(rows, others[one]))
        for one, (width, n, rows) in split.items()
    ]
    return sorted(found, key=lambda one: -one.score)


def _rows(text: str, separator: str, most: int | None) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in reader(text, separator):
            if any(row):
                rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:  # quotes that do not fit; the rows before them tell
        pass
    return rows


def _quality(rows: list[list[str]], others: list[str]) -> float:
    """Return the mean over all cells; the first row may be a header, so it counts little."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    body = rows[1:] or rows
    cells = pc.utf8_trim_whitespace(pa.array([cell for row in body for cell in row], pa.string()))
    known = pc.or_(are_missing(cells), are_dates(cells))
    for mark in (".", ","):
        known = pc.or_(known, pc.match_substring_regex(cells, form(mark)))
    split = pc.match_substring_regex(cells, ",(?:[^ ]|$)") if "," in others else None
    for sign in (one for one in others if one != ","):
        there = pc.match_substring(cells, sign)
        split = there if split is None else pc.or_(split, there)
    whole = len(cells) if split is None else len(cells) - pc.sum(pc.and_not(split, known)).as_py()
    # Half a point for every cell that is whole, another half for one that is a value.
    values = pc.sum(known).as_py()
    return float(whole + values) / (2 * len(cells))
