"""Tables in ARFF, Weka's format: columns with declared types.

A reader of our own, because SciPy's has no text and fails on quoted names, and others are no longer
maintained.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regkit.data.compressed import read_bytes
from regkit.data.dataset import DataError
from regkit.data.encoding import decode
from regkit.data.needed import needed
from regkit.data.numbers import parse
from regkit.data.raw import Raw, Table

__all__ = ["read_arff", "split_cells"]

QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
CELL = re.compile(rf"\s*(?P<cell>{QUOTED}|[^,'\"\s{{}}](?:[^,]*[^,\s])?|)\s*(?P<end>,|$)")
ATTRIBUTE = re.compile(rf"@attribute\s+(?P<name>{QUOTED}|[^\s'\"{{]+)\s*(?P<type>.+)", re.I)
SPECIAL = re.compile(r"['\"{}]")
ESCAPED = re.compile(r"\\(.)")
NUMERIC = ("numeric", "real", "integer")
MISSING = "?"


class _Attribute(NamedTuple):
    """A declared column: its name, its kind, and the values of a nominal one."""

    name: str
    kind: str
    values: tuple[str, ...] = ()


def read_arff(path: Path, encoding: str | None = None) -> Table:
    """Return the table in an ARFF file.

    Numeric attributes are numbers, nominal ones categories, strings are texts, dates are refused
    as features. Only an unquoted `?` is a missing value.

    Raises:
        DataError: for sparse rows, relational attributes, instance weights, and rows that do not
            fit the declarations, with their lines.
    """
    text, encoding = decode(read_bytes(path), path, encoding)
    where = str(path)
    attributes: list[_Attribute] = []
    rows: list[list[str | None]] = []
    lines: list[int] = []
    in_data = False
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        at = f"{where}, line {number}"
        if in_data:
            rows.append(_row(line, at, len(attributes)))
            lines.append(number)
        elif line.lower().startswith("@attribute"):
            attributes.append(_attribute(line, at))
        elif line.lower().startswith("@data"):
            in_data = True
        elif not line.lower().startswith("@relation"):
            raise DataError(f"{at}: expected @relation, @attribute or @data; found {line[:40]!r}")
    if not in_data or not attributes:
        raise DataError(f"{where}: not an ARFF file, as it has no @attribute or no @data")
    if not rows:
        raise DataError(f"{where}: empty; there are attributes but no examples")
    raws = [
        _column(attribute, list(cells), where, lines)
        for attribute, cells in zip(attributes, zip(*rows, strict=True), strict=True)
    ]
    return Table(where, raws, np.asarray(lines), note=f"ARFF in {encoding}, columns as declared")


def split_cells(line: str) -> list[str | None] | None:
    r"""Return the cells of a row, None for a missing cell; None for a row of any other form.

    Example:
        >>> split_cells(r"1, 'dark \'blue\'', ?, '?'")
        ['1', "dark 'blue'", None, '?']
    """
    if not SPECIAL.search(line):  # most rows, and fast
        bare = [cell.strip() for cell in line.split(",")]
        return [None if cell == MISSING else cell for cell in bare] if all(bare) else None
    cells: list[str | None] = []
    place = 0
    while match := CELL.match(line, place):
        cell = match["cell"]
        if not cell:
            return None
        cells.append(None if cell == MISSING else _unquoted(cell))
        if match["end"] == "":
            return cells
        place = match.end()
    return None


def _unquoted(cell: str) -> str:
    if cell[0] not in "'\"":
        return cell
    return ESCAPED.sub(lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), cell[1:-1])


def _row(line: str, at: str, width: int) -> list[str | None]:
    if line.startswith("{"):
        raise DataError(
            f"{at}: the rows are sparse ({{index value, …}}), which is not read; write them in full"
        )
    cells = split_cells(line)
    if cells is None:
        raise DataError(
            f"{at}: not a row of cells with commas between them; quote texts with spaces, commas, "
            f"braces or quotes, and write ? for a missing value. Found {line[:60]!r}"
        )
    if len(cells) != width:
        raise DataError(f"{at}: {len(cells)} cells where {width} are declared")
    return cells


def _attribute(line: str, at: str) -> _Attribute:
    match = ATTRIBUTE.fullmatch(line)
    if match is None:
        raise DataError(f"{at}: an attribute needs a name and a type; found {line[:60]!r}")
    name, declared = _unquoted(match["name"]), match["type"].strip()
    if declared.startswith("{"):
        values = split_cells(declared[1:-1].strip()) if declared.endswith("}") else None
        if values is None:
            raise DataError(f"{at}: the values of {name!r} must be {{first, 'the second', …}}")
        return _Attribute(name, "category", tuple(value or MISSING for value in values))
    kind = declared.split()[0].lower()
    if kind in NUMERIC:
        return _Attribute(name, "number")
    if kind in ("string", "date"):
        return _Attribute(name, {"string": "words"}.get(kind, kind))
    raise DataError(
        f"{at}: {name!r} is of type {kind}, which is not read; types are {', '.join(NUMERIC)}, "
        "string, date and {values}"
    )


def _column(attribute: _Attribute, cells: list[str | None], where: str, lines: list[int]) -> Raw:
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    texts = pa.array(cells, pa.string())
    if attribute.kind == "number":
        values = parse(texts)
        wrong = np.isnan(values) & ~np.asarray(texts.is_null())
        plain = pc.fill_null(pc.match_substring_regex(texts, r"^[+-]?[\d.]+([eE][+-]?\d+)?$"), True)
        wrong |= ~np.asarray(plain)
        problem = "no finite number"
    elif attribute.kind == "category":
        wrong = ~np.asarray(pc.or_(pc.is_in(texts, pa.array(attribute.values)), texts.is_null()))
        problem = f"none of the declared values {', '.join(attribute.values[:5])}"
    else:
        return Raw(attribute.name, texts, attribute.kind)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{where}, line {lines[row]}, column {attribute.name!r}: {cells[row]!r} is {problem}"
        )
    return Raw(attribute.name, values if attribute.kind == "number" else texts, attribute.kind)
