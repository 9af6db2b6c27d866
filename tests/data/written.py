"""Tables written in a random dialect, for tests that read them back."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from regkit.data import Dataset

WORDS = ["red", "blue", "New York", "Doe, John", "a;b", "x|y", "crème brûlée", 'the "other"', "5 kg", "v1.2", "on\nline"]  # fmt: skip
MISSING = ["", "NA", "?", "nan"]


@dataclass(frozen=True)
class Dialect:
    """How a table is written."""

    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    header: str = "names"  # names, years or none
    encoding: str = "utf-8"
    end: str = "\n"
    quoting: Any = csv.QUOTE_MINIMAL
    unit: str = ""
    trailing: bool = False

    def number(self, value: float | None, digits: int, missing: str) -> str:
        if value is None:
            return missing
        text = f"{value:,.{digits}f}"
        marks = {",": self.thousands, ".": self.decimal}
        return "".join(marks.get(sign, sign) for sign in text) + self.unit

    def names(self, n: int) -> list[str]:
        return [str(2001 + 2 * i) if self.header == "years" else f"name {i}" for i in range(n)]

    @property
    def told(self) -> dict[str, Any]:
        """The options that leave nothing to be guessed."""
        header = self.header != "none"
        return {
            "separator": self.separator,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "header": header,
        }


@dataclass(frozen=True, repr=False)
class Written:
    """A table: its columns, and the text that says it."""

    columns: list[list[float | str | None]]
    labels: list[str] | list[float]
    cells: list[list[str]]
    dialect: Dialect

    def __repr__(self) -> str:
        return f"{self.dialect}\n{self.text()}"

    def save(self, path: Path) -> Path:
        path.write_bytes(self.text().encode(self.dialect.encoding))
        return path

    def text(self) -> str:
        text = io.StringIO(newline="")
        dialect = self.dialect
        writer = csv.writer(
            text, delimiter=dialect.separator, quoting=dialect.quoting, lineterminator=dialect.end
        )
        rows = [list(row) for row in zip(*self.cells, strict=True)]
        if dialect.header != "none":
            rows.insert(0, dialect.names(len(self.cells)))
        writer.writerows([[*row, ""] if dialect.trailing else row for row in rows])
        return text.getvalue()

    def arff(self) -> str:
        """The table in Weka's format."""

        def cell(value: float | str | None) -> str:
            if value is None:
                return "?"
            text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
            return f"'{text}'" if isinstance(value, str) else text

        lines = ["@relation written"]
        columns: list[Any] = [*self.columns, self.labels]
        for place, column in enumerate(columns):
            words = sorted({one for one in column if isinstance(one, str)})
            kind = f"{{{', '.join(map(cell, words))}}}" if words else "numeric"
            lines.append(f"@attribute 'name {place}' {kind}")
        rows = (", ".join(map(cell, row)) for row in zip(*columns, strict=True))
        return "\n".join([*lines, "@data", *rows, ""])

    def check(self, data: Dataset) -> None:
        """Raise AssertionError unless the data is this table."""
        assert len(data.y) == len(self.labels)
        assert len(data.columns) == len(self.columns)
        for place, (column, wanted) in enumerate(zip(data.columns, self.columns, strict=True)):
            found: list[float | str | None] = [
                None if np.isnan(value) else float(value) for value in data.x[:, place]
            ]
            if any(isinstance(cell, str) for cell in wanted):
                names = column.categories
                assert names is not None
                found = [None if one is None else names[int(one)] for one in found]  # type: ignore[arg-type]
            else:
                assert column.categories is None
                wanted = [None if one is None else float(np.float32(one)) for one in wanted]
            assert found == wanted
        if isinstance(self.labels[0], str):
            assert [data.class_names[code] for code in data.y] == self.labels
        else:
            assert data.y.tolist() == np.float32(self.labels).tolist()


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    separator = draw(st.sampled_from(",;\t| "))
    decimal = draw(st.sampled_from(".,"))
    other = {".": ",", ",": "."}[decimal]
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))  # csv leaves \n unquoted where \r ends lines
    return Dialect(
        separator,
        decimal,
        draw(st.sampled_from(["", "", other, " ", "'", "\u00a0"])),
        draw(st.sampled_from(["names", "names", "years", "none"])),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        end,
        csv.QUOTE_ALL if end == "\r" else draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        draw(st.sampled_from(["", "", " €", " %"])),
        trailing=separator != " " and draw(st.booleans()),
    )


@st.composite
def tables(draw: st.DrawFn) -> Written:
    """A table in a random dialect: numbers, words, gaps; classes or a regression."""
    dialect = draw(dialects())
    n = draw(st.integers(12, 30))
    columns: list[list[float | str | None]] = []
    cells: list[list[str]] = []
    kinds = draw(st.lists(st.sampled_from(["number", "words"]), min_size=1, max_size=4))
    missing = draw(st.sampled_from(MISSING[dialect.separator == " " :]))
    for kind in kinds:
        if kind == "number":
            digits = draw(st.integers(0, 3))
            scale = draw(st.sampled_from([10, 10_000, 10_000_000]))
            whole = st.integers(-scale * 10**digits, scale * 10**digits)
            values = draw(st.lists(st.none() | whole, min_size=n - 3, max_size=n - 3))
            values += [0, 10**digits + 5, 10**digits + 5]  # never empty, never all different
            numbers = [None if one is None else one / 10**digits for one in values]
            cells.append([dialect.number(one, digits, missing) for one in numbers])
            columns.append(list(numbers))
        else:
            some = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))
            words = draw(st.lists(st.none() | st.sampled_from(some), min_size=n, max_size=n))
            words[:2] = [some[0], some[-1]]
            cells.append([missing if one is None else one for one in words])
            columns.append(list(words))
    labels: list[Any]
    if draw(st.booleans()):
        labels = [["no", "yes"][i % 2] for i in draw(st.permutations(range(n)))]
        cells.append(labels)
    else:
        labels = [one / 100 + 0.01 for one in draw(st.permutations(range(0, 200 * n, 200)))]
        cells.append([dialect.number(one, 2, "") for one in labels])
    return Written(columns, labels, cells, dialect)
