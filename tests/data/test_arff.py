"""ARFF: columns as they are declared, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.data import DataError, load
from regkit.data.arff import split_cells

pytestmark = pytest.mark.backend_free

HEAD = "@relation r\n@attribute a numeric\n@attribute class {no,yes}\n@data\n"
ROWS = "1.5,no\n2.5,yes\n" * 6


def write(folder: Path, text: str, name: str = "t.arff") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


WHOLE = r"""% made by hand
@RELATION 'a relation'

@ATTRIBUTE a           REAL
@attribute 'the "colour"' { red, 'dark blue', "it's", 'it\'s, too' }
@Attribute code        {1, 2, NA}
@attribute words       string
@attribute 'a day'     date "yyyy-MM-dd"
@attribute class       {no,yes}

@DATA
"""
WHOLE_ROWS = r"""1.5, 'dark blue', 1, '5', '2024-01-31', yes
% between the rows
?,"it's",NA, "?", '2024-01-31' ,no

-2e3,'it\'s, too',?, ?, ?,'yes'
"""


def test_a_whole_file(tmp_path: Path) -> None:
    data = load(write(tmp_path, WHOLE + WHOLE_ROWS * 6), ignore="a day")
    a, colour, code, words = data.columns
    assert (a.name, a.categories, a.missing) == ("a", None, True)
    assert colour.name == 'the "colour"'
    assert colour.categories == ("dark blue", "it's", "it's, too")
    assert (code.categories, code.missing) == (("1", "NA"), True)  # declared, so not missing
    assert (words.categories, words.missing) == (("5", "?"), True)  # quoted, so not missing
    expected = [[1.5, 0, 0, 0], [np.nan, 1, 1, 1], [-2000, 2, np.nan, np.nan]]
    assert np.array_equal(data.x[:3], expected, equal_nan=True)
    assert (data.class_names, data.y[:3].tolist()) == (("no", "yes"), [1, 0, 1])
    assert "ARFF in UTF-8, columns as declared; labels from column 'class'" in data.note


def test_declared_classes_are_classes_though_they_have_fractions(tmp_path: Path) -> None:
    text = HEAD.replace("{no,yes}", "{0.5,1.5}") + ROWS.replace("no", "0.5").replace("yes", "1.5")
    data = load(write(tmp_path, text))
    assert (data.task, data.class_names) == ("classification", ("0.5", "1.5"))


def test_a_numeric_target_is_a_regression(tmp_path: Path) -> None:
    data = load(write(tmp_path, HEAD + ROWS), target="a", task="regression")
    assert (data.task, data.columns[0].categories) == ("regression", ("no", "yes"))


def test_compressed_and_in_another_encoding(tmp_path: Path) -> None:
    text = HEAD.replace("no,", "né,") + ROWS.replace("no", "né")
    (tmp_path / "t.arff.gz").write_bytes(gzip.compress(text.encode("latin-1")))
    data = load(tmp_path / "t.arff.gz")
    assert data.class_names == ("né", "yes")
    assert "ARFF in cp1252" in data.note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not an ARFF file"),
        ("a,b\n1,2\n", "line 1: expected @relation"),
        (HEAD, "empty; there are attributes but no examples"),
        (HEAD + "{0 1.5, 1 no}\n", "line 5: the rows are sparse"),
        (HEAD + "1.5,no,{2}\n", "line 5: not a row of cells"),
        (HEAD + "1.5,no,\n", "line 5: not a row of cells"),
        (HEAD + "1.5,'no\n", "line 5: not a row of cells"),
        (HEAD + "1.5\n", "line 5: 1 cells where 2 are declared"),
        (HEAD + "1.5\tno\n", "line 5: 1 cells where 2 are declared"),
        (HEAD + ROWS + "1,5,no\n", "line 17: 3 cells where 2 are declared"),
        (HEAD + "x,no\n", "line 5, column 'a': 'x' is no finite number"),
        (HEAD + "1e39,no\n", "line 5, column 'a': '1e39' is no finite number"),
        (HEAD + "'1,234',no\n", "line 5, column 'a': '1,234' is no finite number"),
        (HEAD + "$5,no\n", "column 'a': '.5' is no finite number"),
        (HEAD + "1,No\n", "line 5, column 'class': 'No' is none of the declared values no, yes"),
        (HEAD + ROWS + "1.5,?\n", "line 17, column 'class': the label is missing"),
        (HEAD.replace("numeric", "relational"), "line 2: 'a' is of type relational"),
        (HEAD.replace("numeric", ""), "line 2: an attribute needs a name and a type"),
        (HEAD.replace("yes}", "yes"), "line 3: the values of 'class' must be"),
        (HEAD.replace("a numeric", "a date") + ROWS, "column 'a' holds dates or times.*--ignore a"),
        (HEAD.replace("numeric", "string") + "".join(f"w{i},no\n" for i in range(9)), "is text with 9"),
    ],
)  # fmt: skip
def test_arff_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=rf"t.arff.*{said}"):
        load(write(tmp_path, text))


@given(st.lists(st.none() | st.text(min_size=1, alphabet="ab ,'\"\\%{}?é\n\t"), min_size=1))
def test_cells_are_read_as_they_were_quoted(cells: list[str | None]) -> None:
    def quoted(cell: str | None) -> str:
        if cell is None:
            return "?"
        for sign, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\t", "\\t")):
            cell = cell.replace(sign, escaped)
        return f"'{cell}'"

    assert split_cells(", ".join(map(quoted, cells))) == cells
