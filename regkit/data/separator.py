"""The separator of the cells of a text: a guess as a pure function, with its evidence."""

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
ENOUGH = 1000  # rows to read first; all are read where these leave it open
CLEAR = 0.1  # the margin by which the score of the best candidate must exceed the next


@dataclass(frozen=True)
class Candidate:
    """The table that a text is if a certain sign separates its cells.

    Attributes:
        separator: The sign.
        width: The number of cells that most rows have.
        share: The fraction of the rows of that width.
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
    r"""Return a `csv` reader of a text, whose `line_num` is the current line.

    With spaces as the separator, any number of spaces and tabs together separate two cells.

    Example:
        >>> list(reader('1  "a b"\n', " ")), list(reader("1, x\n", ","))
        ([['1', 'a b']], [['1', 'x']])
    """
    # csv decides where lines end: str.splitlines would break cells at other characters, too.
    lines: Iterator[str] = io.StringIO(text, newline="")
    if separator == " ":
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)


def guess(text: str, where: str) -> Candidate:
    r"""Return the candidate that explains a text.

    Raises:
        DataError: where two explain it about equally well, naming the option that decides.

    Example:
        >>> guess("5,3;0,1;0\n4,1;0,7;1\n", "t.csv").separator
        ';'
    """
    for most in (ENOUGH, None):
        ranked = candidates(text, most)
        if not ranked:
            return Candidate(",", 1, 1.0, 1.0)
        if len(ranked) == 1 or ranked[0].score - ranked[1].score >= CLEAR:
            return ranked[0]
    first, second = (NAMES[candidate.separator] for candidate in ranked[:2])
    raise DataError(
        f"{where}: the text does not show whether {first} or {second} separates the cells; name "
        f"the separator: separator={first!r} or {second!r} (--separator)"
    )


def candidates(text: str, most: int | None = None) -> list[Candidate]:
    r"""Return the signs that may separate a text's cells, the best first, by up to `most` rows.

    Example:
        >>> [(best.separator, best.width) for best in candidates("1,2 x,3\n" * 4)]
        [(',', 3), (' ', 2)]
    """
    split: dict[str, tuple[int, int, list[list[str]]]] = {}
    for separator in SEPARATORS:
        rows = _rows(text, separator, most)
        widths = Counter(len(row) for row in rows)
        width = max(widths, key=lambda width: (widths[width], width), default=1)
        if width > 1 and 2 * widths[width] >= len(rows):
            split[separator] = width, len(rows), [row for row in rows if len(row) == width]
    if {"\t", " "} <= split.keys():  # spaces beside tabs are part of the cells, or tabs are spaces
        shares = {sign: len(split[sign][2]) / split[sign][1] for sign in "\t "}
        del split["\t" if shares[" "] > shares["\t"] else " "]
    ranked = []
    for sign, (width, n, rows) in split.items():
        others = [other for other in split if other not in (sign, " ")]
        ranked.append(Candidate(sign, width, len(rows) / n, _quality(rows, others)))
    return sorted(ranked, key=lambda candidate: -candidate.score)


def _rows(text: str, separator: str, most: int | None) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in reader(text, separator):
            if any(row):
                rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:  # quotes that do not close; the rows before them are enough
        pass
    return rows


def _quality(rows: list[list[str]], others: list[str]) -> float:
    """Return the mean over all cells but those of the first row, which may be a header."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    body = rows[1:] or rows
    cells = pc.utf8_trim_whitespace(pa.array([cell for row in body for cell in row], pa.string()))
    known = pc.or_(are_missing(cells), are_dates(cells))
    for mark in (".", ","):
        known = pc.or_(known, pc.match_substring_regex(cells, form(mark)))
    split = pc.match_substring_regex(cells, ",(?:[^ ]|$)") if "," in others else None
    for sign in (other for other in others if other != ","):
        with_sign = pc.match_substring(cells, sign)
        split = with_sign if split is None else pc.or_(split, with_sign)
    whole = len(cells) if split is None else len(cells) - pc.sum(pc.and_not(split, known)).as_py()
    # Half a point for every cell that is whole, another half for one that is a value.
    values = pc.sum(known).as_py()
    return float(whole + values) / (2 * len(cells))
