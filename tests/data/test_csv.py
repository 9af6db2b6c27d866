"""Tables of text: columns of numbers and of categories, missing cells, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.data import DataError, load

pytestmark = pytest.mark.backend_free


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(n: int = 12) -> str:
    return "".join(f"{i},{i * 2},{'ab'[i % 2]}\n" for i in range(n))


def column(cells: list[str], name: str = "f") -> str:
    """A table with one feature of these cells, repeated to 20 rows."""
    return f"{name},y\n" + "".join(f"{cells[i % len(cells)]},{'ab'[i % 2]}\n" for i in range(20))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_without_a_header(tmp_path: Path, separator: str) -> None:
    data = load(write(tmp_path, rows().replace(",", separator)))
    assert data.x.tolist()[3] == [3.0, 6.0]
    assert data.class_names == ("a", "b")
    assert "last column" in data.note


@pytest.mark.parametrize(
    ("header", "target", "place"),
    [
        ("u,v,class", None, 2),
        ("u,LABEL,v", None, 1),
        ("u,v,kind", "kind", 2),
        ("u,v,kind", "0", 0),
        ("u,v,kind", -1, 2),
    ],
)
def test_csv_target_column(
    tmp_path: Path, header: str, target: str | int | None, place: int
) -> None:
    cells = [[9, 9, 9] for _ in range(12)]
    for i, row in enumerate(cells):
        row[place] = i % 2
    text = "\n".join([header, *(",".join(map(str, row)) for row in cells)])
    data = load(write(tmp_path, "\ufeff" + text), target=target)
    assert data.class_names == ("0", "1")
    assert data.x.tolist()[0] == [9.0, 9.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("a,b,c\n", "a header but no examples"),
        ("a,b,c\n1,2,x\n\n1,2\n", "line 4: 2 cells where 3 are expected"),
        ("a,b,c\n1,2,x\n1,wide,x\n", "line 3, column 'b': 'wide' is not a finite number"),
        ("a,b,c\n1,inf,x\n1,2,x\n", "line 2, column 'b': 'inf' is not a finite number"),
        ("a,b,c\n1,1e39,x\n1,2,x\n", "line 2, column 'b': '1e39' is not a finite number"),
        ("a,b,c\n1,2,x\n1,1_0,x\n", "line 3, column 'b': '1_0' is not a finite number"),
        ("a,b,c\n1,2,\n", "line 2, column 'c': the label is missing; complete"),
        ("a,b,c\n1,2,NA\n", r"line 2, column 'c': the label is missing \('NA'\)"),
        ("a,b,c\n1,2,0.5\n1,2,1.5\n1,2,low\n", "line 4, column 'c': the label 'low' is not"),
        ("a\n1\n2\n", "one column only"),
        (rows(6), "class 'a' has 3 examples"),
        ('a,b,c\n1,2,"x\n', "line 2: unexpected end of data. A quoted cell begins and ends"),
        ("a,c\n" + ",x\n,y\n" * 6, "no features"),
        (column([f"Ann {i}" for i in range(20)]), "column 'f' is text with 20 different values"),
        (column(["2024-01-31", "2024-02-01"]), "column 'f' holds dates or times.*'2024-01-31'"),
        (column(["31.1.2024 12:00", "?"]), "column 'f' holds dates or times"),
        (column(["12:30", "12:45"]), "column 'f' holds dates or times"),
        (column(["1", "2", "few", "3"]), "line 4, column 'f': 'few'.*empty it to have it"),
    ],
)
def test_csv_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=f"table.csv.*{said}"):
        load(write(tmp_path, text))


def test_too_many_categories(tmp_path: Path) -> None:
    text = "f,y\n" + "".join(f"v{i % 1001},{i % 2}\n" for i in range(4004))
    with pytest.raises(DataError, match="1001 different values.*at most 1000"):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("target", "said"),
    [("specie", "no column is called 'specie'; did you mean 'species'"), ("7", "0 to 2")],
)
def test_csv_without_that_column(tmp_path: Path, target: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(write(tmp_path, "u,v,species\n" + rows()), target=target)


# -- mixed columns -----------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["", "NA", "n/a", "?", "nan", "NULL"])
def test_missing_cells_of_numbers_and_categories(tmp_path: Path, missing: str) -> None:
    text = "size,colour,kind\n" + f"1.5,red,a\n{missing},blue,b\n2.5,{missing},a\n" * 6
    data = load(write(tmp_path, text))
    size, colour = data.columns
    assert (size.name, size.categories, size.missing) == ("size", None, True)
    assert (colour.name, colour.categories, colour.missing) == ("colour", ("blue", "red"), True)
    assert np.array_equal(data.x[:3], [[1.5, 1], [np.nan, 0], [2.5, np.nan]], equal_nan=True)
    assert "'colour'" in data.note
    assert "6 missing numbers become the median" in data.note
    assert "6 missing categories become one more" in data.note


def test_a_column_is_of_numbers_unless_most_cells_are_none(tmp_path: Path) -> None:
    data = load(write(tmp_path, column(["1", "low", "high", "?"])))
    assert data.columns[0].categories == ("1", "high", "low")


def test_a_table_of_text_alone(tmp_path: Path) -> None:
    text = "red,round,a\nblue,flat,b\n" * 8
    data = load(write(tmp_path, text))
    assert (len(data.y), data.columns[0].name) == (16, "column 0")
    data = load(write(tmp_path, "colour,form,kind\n" + text))
    assert (len(data.y), data.columns[0].name) == (16, "colour")


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("", [str(i) for i in range(20)], "left out: '' (row numbers)"),
        ("Id", [str(i + 1) for i in range(20)], "left out: 'Id' (row numbers)"),
        ("f", [""], "left out: 'f' (no values)"),
    ],
)
def test_columns_that_say_nothing_are_left_out(
    tmp_path: Path, name: str, cells: list[str], said: str
) -> None:
    table = "".join(f"{cells[i % len(cells)]},{i},{'ab'[i % 2]}\n" for i in range(20))
    data = load(write(tmp_path, f"{name},v,y\n{table}"))
    assert data.x[:, 0].tolist() == list(range(20))
    assert (said in data.note, data.x.shape) == (True, (20, 1))


def test_an_id_among_the_features_is_mentioned(tmp_path: Path) -> None:
    data = load(write(tmp_path, column([str(i * i) for i in range(20)], "ID")))
    assert "'ID' looks like an identifier: --ignore ID leaves it out" in data.note


PATIENTS = "patient id,age,ward,y\n" + "".join(
    f"{7000 + i},{30 + i % 9},{i % 3},{'ab'[i % 2]}\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("cells", "mentioned"),
    [
        ([str(7000 + i) for i in range(20)], True),
        ([str(900_000_000_000 - 7 * i) for i in range(20)], True),  # float32 cannot tell them apart
        ([str(i + 0.5) for i in range(20)], False),
        ([str(i // 2) for i in range(20)], False),
        ([str(i) if i else "" for i in range(20)], False),
    ],
)
def test_whole_numbers_that_differ_in_every_row(
    tmp_path: Path, cells: list[str], mentioned: bool
) -> None:
    data = load(write(tmp_path, column(cells, "no")))
    assert ("'no' looks like an identifier: --ignore no leaves it out" in data.note) == mentioned


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("patient id", ["age", "ward"]),
        ("WARD, patient id", ["age"]),
        (["ward", 0], ["age"]),
        (["0,1"], ["ward"]),
        (-2, ["patient id", "age"]),
        ([], ["patient id", "age", "ward"]),
    ],
)
def test_columns_are_ignored_on_request(tmp_path: Path, ignore: Any, left: list[str]) -> None:
    data = load(write(tmp_path, PATIENTS), ignore=ignore)
    assert [one.name for one in data.columns] == left
    assert ("ignored: " in data.note) == (len(left) < 3)
    advised = "'patient id' looks like an identifier: --ignore 'patient id' leaves it out"
    assert (advised in data.note) == ("patient id" in left)


def test_a_name_with_a_comma_is_one_column(tmp_path: Path) -> None:
    text = '"a, b",c,y\n' + "1,2,n\n3,4,m\n" * 6
    assert [one.name for one in load(write(tmp_path, text), ignore="a, b").columns] == ["c"]


@pytest.mark.parametrize(
    ("ignore", "said"),
    [
        ("patient_id", "no column is called 'patient_id'; did you mean 'patient id'"),
        ("age,9", "no column 9; there are 4"),
        ("y", "'y' is the label column, which cannot be ignored"),
        ("0,1,2", "no features"),
    ],
)
def test_columns_that_cannot_be_ignored(tmp_path: Path, ignore: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(write(tmp_path, PATIENTS), ignore=ignore)


@pytest.mark.parametrize(("n", "said"), [(1, "1 missing number becomes"), (2, "2 missing numbers")])
def test_missing_cells_are_counted(tmp_path: Path, n: int, said: str) -> None:
    data = load(write(tmp_path, column([""] * n + [str(i % 7) for i in range(20 - n)])))
    assert said in data.note


def test_a_target_with_fractions_is_a_regression(tmp_path: Path) -> None:
    path = write(tmp_path, "a,price\n" + "".join(f"{i},{i / 4}\n" for i in range(12)))
    data = load(path)
    assert (data.task, data.y[1]) == ("regression", 0.25)
    with pytest.raises(DataError, match="class '0.0' has 1 example .*--task regression"):
        load(path, task="classification")


def test_a_regression_on_request_names_the_bad_cell(tmp_path: Path) -> None:
    path = write(tmp_path, "a,y\n" + "".join(f"{i},{i}\n" for i in range(12)) + "1,many\n")
    with pytest.raises(DataError, match="line 14, column 'y': the label 'many' is not a finite"):
        load(path, task="regression")


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6, width=32))
colours = st.sampled_from([None, "red", "light blue", 'the "other"', "a,b"])


@given(st.lists(st.tuples(numbers, colours, st.integers(0, 1)), max_size=30))
def test_csv_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[float | None, str | None, int]]
) -> None:
    cells = [*cells, *[(0.0, "red", 0), (1.0, "green", 1)] * 5]
    lines = [
        "{},{},{}".format(
            "" if number is None else repr(number),
            "?" if colour is None else '"{}"'.format(colour.replace('"', '""')),
            label,
        )
        for number, colour, label in cells
    ]
    data = load(write(tmp_path_factory.mktemp("csv"), "\n".join(["value,colour,y", *lines])))
    names = data.columns[1].categories
    assert names == tuple(sorted({colour for _, colour, _ in cells if colour is not None}))
    for (number, colour, _), (value, code) in zip(cells, data.x.tolist(), strict=True):
        assert np.isnan(value) if number is None else value == np.float32(number)
        assert np.isnan(code) if colour is None else names[int(code)] == colour
    assert data.y.tolist() == [label for _, _, label in cells]
