"""Tables as people have them: each kind is read as it is meant and says so, or refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regkit.data import DataError, Dataset, load

pytestmark = pytest.mark.backend_free

N = 24
RANDOM = np.random.default_rng(0)
A = RANDOM.normal(5, 2, N).round(2)
B = RANDOM.normal(0, 1, N).round(2)
WORDS = np.where(np.arange(N) % 2, "yes", "no").tolist()


def rows(separator: str, *columns: Any, end: str = "\n") -> str:
    lines = [separator.join(map(str, row)) for row in zip(*columns, strict=True)]
    return end.join(lines) + end


def comma(values: Any, digits: int = 1) -> list[str]:
    return [f"{value:.{digits}f}".replace(".", ",") for value in values]


def read(folder: Path, text: str, name: str = "t.csv", **options: Any) -> Dataset:
    (folder / name).write_bytes(text.encode())
    return load(folder / name, **options)


def check(data: Dataset, *columns: Any, labels: list[str] | None = None) -> None:
    assert len(data.y) == N
    assert np.array_equal(data.x, np.stack(columns, axis=1).astype(np.float32), equal_nan=True)
    assert [data.class_names[code] for code in data.y] == (labels or WORDS)


PLAIN = rows(",", A, B, WORDS)
HEAD = "a,b,label\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + PLAIN, "UTF-8, cells separated by comma; line 1 is the header; decimal points"),
        (PLAIN, "no header: the first row is an example"),
        ("2019,2020,label\n" + PLAIN, "line 1 is the header"),
        (HEAD.replace("\n", "\r\n") + rows(",", A, B, WORDS, end="\r\n"), "line 1 is the header"),
        (HEAD.replace("\n", "\r") + rows(",", A, B, WORDS, end="\r"), "line 1 is the header"),
        ("\n \n" + HEAD + "\n" + rows(",", A, B, WORDS, end="\n\n"), "line 3 is the header"),
        (HEAD + PLAIN + ",,\n , ,\n", "2 rows without any value left out"),
        ("# of 2020, by me\n#\n" + HEAD + PLAIN + "# end\n", "line 3 is the header; 3 comment lines"),
        ("# a,b,label\n" + PLAIN, "the comment above line 2 is the header"),
        (HEAD.replace(",", ", ") + rows(", ", A, B, WORDS), "separated by comma"),
        (rows(",", A, B, WORDS, [""] * N), "1 empty column at the end left out"),
        ("a,b,label,\n" + rows(",", A, B, WORDS, [""] * N), "1 empty column at the end left out"),
        (HEAD + rows(",", A, B, WORDS, [""] * N), "line 1 is the header"),
        ("sep=;\na;b;label\n" + rows(";", A, B, WORDS), "separated by semicolon; line 2 is"),
        ("a|b|label\n" + rows("|", A, B, WORDS), "separated by pipe"),
        ("a\tb\tlabel\n" + rows("\t", A, B, WORDS), "separated by tab"),
        ("a b label\n" + rows(" ", A, B, WORDS), "separated by space"),
        ("  a   b  label \n" + rows("  \t ", A, B, WORDS), "separated by space"),
        (",a,b,label\n" + rows(",", range(N), A, B, WORDS), "left out: '' (row numbers)"),
        ('"a" "b" "label"\n' + rows(" ", range(1, N + 1), A, B, WORDS), "'' (row numbers)"),
        ("a,b,label\n" + rows(",", A, [f"({-b})" if b < 0 else b for b in B], WORDS), "numbers: 'b'"),
        ("a b label\n" + rows(" ", [f"row{i}" for i in range(N)], A, B, WORDS), "ignored: ''"),
        ("a,a,label\n" + PLAIN, "labels from column 'label'"),
    ],
)  # fmt: skip
def test_the_same_table(tmp_path: Path, text: str, said: str) -> None:
    data = read(tmp_path, text, ignore=0 if "row0" in text else None)
    check(data, A, B)
    assert said in data.note


MONEY = [1234.5 + 1000 * i for i in range(N)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ([f"${one:,.2f}" for one in MONEY], "'$1,234.50' is 1234.5"),
        ([f"{one:,.2f}".replace(",", "'") for one in MONEY], '"1\'234.50" is 1234.5'),
        ([f"{one:,.2f}".replace(",", "\u202f") for one in MONEY], "is 1234.5"),
        ([f"{one:.1f} %" for one in MONEY], "'1234.5 %' is 1234.5"),
    ],
)
def test_money_and_thousands(tmp_path: Path, text: list[str], said: str) -> None:
    data = read(tmp_path, "price;b;label\n" + rows(";", text, B, WORDS))
    check(data, MONEY, B)
    assert said in data.note


@pytest.mark.parametrize("separator", [";", "\t", "|", " "])
def test_decimal_commas_without_a_header(tmp_path: Path, separator: str) -> None:
    data = read(tmp_path, rows(separator, comma(A, 2), comma(B, 2), WORDS))
    check(data, A, B)
    assert "no header: the first row is an example; decimal commas" in data.note
    assert f"'column 0' ('{comma(A, 2)[0]}' is {A[0]:g})" in data.note


def test_thousands_with_points(tmp_path: Path) -> None:
    euros = [f"{one:,.2f} €".translate(str.maketrans(",.", ".,")) for one in MONEY]
    data = read(tmp_path, "price;b;label\n" + rows(";", euros, comma(B, 2), WORDS))
    check(data, MONEY, B)


def test_a_target_with_decimal_commas_is_a_regression(tmp_path: Path) -> None:
    data = read(tmp_path, "a;b;y\n" + rows(";", comma(A, 2), comma(B, 2), comma(MONEY, 2)))
    assert (data.task, data.y.tolist()) == ("regression", MONEY)
    assert "'y' ('1234,50' is 1234.5)" in data.note


def test_each_column_has_its_mark(tmp_path: Path) -> None:
    quoted = [f'"{one}"' for one in comma(A, 2)]
    data = read(tmp_path, HEAD + rows(",", quoted, B, WORDS))
    check(data, A, B)
    assert "decimal commas in 'a', points elsewhere" in data.note


@pytest.mark.parametrize(("mark", "factor"), [(".", 1000), ("point", 1000), (",", 1), ("comma", 1)])
def test_thousands_or_decimals_are_asked_for(tmp_path: Path, mark: str, factor: int) -> None:
    text = HEAD + rows(",", [f'"{i % 9 + 1},250"' for i in range(N)], range(N), WORDS)
    asked = "column 'a': .* not show .* in '1,250' is the decimal mark .*--decimal"
    with pytest.raises(DataError, match=asked):
        read(tmp_path, text)
    data = read(tmp_path, text, decimal=mark)
    check(data, [(i % 9 + 1.25) * factor for i in range(N)], range(N))


def test_a_mark_that_a_column_does_not_have(tmp_path: Path) -> None:
    text = "a;b;label\n" + rows(";", ["1.5", "2.25"] * (N // 2), range(N), WORDS)
    with pytest.raises(
        DataError, match="column 'a' holds numbers such as '1.5', whose decimal mark"
    ):
        read(tmp_path, text, decimal=",")


def test_missing_cells_of_every_kind(tmp_path: Path) -> None:
    codes = ["NA", "-", "?", "None", "", "n.a."]
    cells = [codes[i // 2 % 6] if i % 2 else A[i] for i in range(N)]
    kinds = ["-" if i % 2 else "None" for i in range(N)]
    data = read(tmp_path, "a,kind,label\n" + rows(",", cells, kinds, WORDS))
    assert data.columns[1].categories == ("-", "None")  # among words they may mean something
    assert np.isnan(data.x[1::2, 0]).all()
    assert "taken for missing numbers: '-', 'None', 'n.a.'" in data.note


@pytest.mark.parametrize("labels", [["+", "-"], ["none", "some"], ["True", "False"], ["a b", "ä"]])
def test_labels_are_words(tmp_path: Path, labels: list[str]) -> None:
    check(read(tmp_path, HEAD + rows(",", A, B, labels * (N // 2))), A, B, labels=labels * (N // 2))


def test_cells_with_separators_quotes_and_lines_in_them(tmp_path: Path) -> None:
    words = ["a, b", 'the "b"', "two\nlines", "\u2028 \x85;"]
    cells = ['"{}"'.format(words[i % 4].replace('"', '""')) for i in range(N)]
    data = read(tmp_path, "t,b,label\n" + rows(",", cells, B, WORDS))
    names = data.columns[0].categories
    assert names is not None
    assert [names[int(code)] for code in data.x[:, 0]] == [words[i % 4].strip() for i in range(N)]
    with pytest.raises(DataError, match="line 32: 2 cells"):
        read(tmp_path, "t,b,label\n" + rows(",", cells, B, WORDS) + "1,2\n")


def test_a_word_with_a_hash_is_no_comment(tmp_path: Path) -> None:
    colours = ["#fff", "#000"] * (N // 2)
    for head in ("colour,b,label\n", ""):
        data = read(tmp_path, head + rows(",", colours, B, WORDS))
        assert (len(data.y), data.columns[0].categories) == (N, ("#000", "#fff"))


def test_the_line_of_the_header(tmp_path: Path) -> None:
    text = "A report of 2020\n\n" + HEAD + PLAIN
    with pytest.raises(DataError, match="line 1: 1 cell where 3 are expected.*--header N"):
        read(tmp_path, text)
    with pytest.raises(DataError, match="line 1: 2 cells where 3 are expected.*--header N"):
        read(tmp_path, "A report, of 2020\n" + rows(",", WORDS, A, B))
    for header in (3, "3"):
        check(read(tmp_path, text, header=header), A, B)
    with pytest.raises(DataError, match="line 2 names no columns.* in line 3"):
        read(tmp_path, text, header=2)
    commented = read(tmp_path, "# a,b,label\n" + PLAIN, header=1)
    assert [one.name for one in commented.columns] == ["a", "b"]
    check(read(tmp_path, 'title\n"a\nc",b,label\n' + PLAIN, header=2), A, B)


@pytest.mark.parametrize("first", ["0,1,2", "2019,2020,2021", "5.25,1.5,rare"])
def test_a_header_that_cannot_be_told(tmp_path: Path, first: str) -> None:
    codes = [str(i % 2) for i in range(N)] if first[-1].isdigit() else WORDS
    text = f"{first}\n" + rows(",", A, B, codes)
    asked = "line 1: the table does not show whether this row is a header.*--header yes or no"
    with pytest.raises(DataError, match=asked):
        read(tmp_path, text)
    for header in (True, "yes", 1):
        check(read(tmp_path, text, header=header), A, B, labels=codes)


@pytest.mark.parametrize("header", [False, "no"])
def test_a_first_row_of_whole_numbers_on_request(tmp_path: Path, header: Any) -> None:
    data = read(tmp_path, "0,1,no\n" + PLAIN, header=header)
    assert data.x[0].tolist() == [0, 1]
    assert "no header, as asked for: the first row is an example" in data.note


def test_a_separator_on_request(tmp_path: Path) -> None:
    text = rows(";", ["a,b", "c,d"] * (N // 2), WORDS)
    with pytest.raises(DataError, match="does not show whether .* separates the cells"):
        read(tmp_path, text)
    assert read(tmp_path, text, separator=";").columns[0].categories == ("a,b", "c,d")
    colons = text.replace(";", ":")
    assert read(tmp_path, colons, separator=":").columns[0].categories == ("a,b", "c,d")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\ufeff", "empty"),
        ("\r\n \r\n", "empty"),
        (HEAD, "a header but no examples"),
        ("a\n1\n2\n", "one column only; .*--separator"),
        (HEAD + PLAIN + "1,2\n", f"line {N + 2}: 2 cells where 3 are expected, separated by comma"),
        ("a,b,label\n" + rows(",", [f"{i + 10},250" for i in range(N)], B, WORDS), "line 1: 3 cells"),
        (HEAD + PLAIN + "1,2,no,4\n", f"line {N + 2}: 4 cells where 3 are expected"),
        (HEAD + '1,2,"no\n' + PLAIN, "line 2: unexpected end of data"),
        (HEAD + '1,2,"no"x\n' + PLAIN, "line 2: .* expected after '\"'"),
        (HEAD + "#1,2,no\n" + PLAIN, "line 2 begins with # and has as many cells as a row"),
        ("#1,2,no\n" + PLAIN, "may be one of its rows or a comment"),
        ("a,y,y\n" + PLAIN, "several columns are called 'y'; give its index .1 and 2."),
        (rows(";", comma(A), comma(B), WORDS) + "5,3;no\n", f"line {N + 1}: 2 cells where 3"),
        (HEAD + rows(",", ["$5", "€5"] * (N // 2), B, WORDS), "'a': .* are in different units"),
        (HEAD + rows(",", ["5 %", "0.5"] * (N // 2), B, WORDS), "'a': .* are in different units"),
        (HEAD + rows(",", ['"1,5"', "1.5"] * (N // 2), B, WORDS), "write both in one way"),
        ("d,b,label\n" + rows(",", ["2024-01-31"] * N, B, WORDS), "dates or times.*--ignore d"),
        (HEAD + rows(",", A, B, ["1", "2", "-", "1"] * (N // 4)), r"line 4.*missing \('-'\)"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=f"t.csv.*{said}"):
        read(tmp_path, text)


def test_a_bad_cell_far_below_names_its_line(tmp_path: Path) -> None:
    text = "a;b;label\n" + rows(";", comma(A, 2), comma(B, 2), WORDS) * 200
    with pytest.raises(DataError, match="line 4802, column 'a': '1.5' is not .*mark is ','"):
        read(tmp_path, text + "1.5;2,5;no\n")
    with pytest.raises(DataError, match="line 4802: 2 cells where 3"):
        read(tmp_path, text + "1,5;no\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"separator": "ab"}, "separator must be one character"),
        ({"decimal": "x"}, "decimal must be"),
        ({"header": "maybe"}, "header must be"),
        ({"header": 99}, "empty; 25 lines stand above the table"),
        ({"encoding": "none"}, "no encoding is called 'none'"),
        ({"labels": "y.npz"}, "labels='y.npz' is the file of the labels"),
        ({"separator": ";"}, "one column only"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, HEAD + PLAIN, **options)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.TXT", "t.data", "t.dat", "t.tab"])
def test_names_of_files(tmp_path: Path, name: str) -> None:
    check(read(tmp_path, HEAD + PLAIN, name), A, B)
