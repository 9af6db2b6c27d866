"""Separator and header, as pure functions of a text and its columns."""

from __future__ import annotations

import pyarrow as pa
import pytest

from regkit.data.dataset import DataError
from regkit.data.header import signs, verdict
from regkit.data.separator import candidates, guess, parse_separator
from regkit.data.text import parse_header

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("row", "separator"),
    [
        ("5,3;0,1;0", ";"), ("5,3\t0,1\t0", "\t"), ("5,3|0,1|0", "|"), ("5,3 0,1 0", " "),
        ("5,0;yes", ";"), ("1,red;blue,5", ","), ("Doe, John;5;yes", ";"), ("New York,5,yes", ","),
        ("1, 2, yes", ","), ("a b\tc d\t5", "\t"), ("2024-01-31 12:00;5,3;yes", ";"),
        ("2024-01-31 12:00,5,yes", ","), ('"a;b",5,yes', ","), ("1.5;2.5;a,b", ";"),
        ("$1,234.00\t5", "\t"), ("1.234,56 €;5", ";"), ("a b,c d,yes", ","), ("5  3   yes", " "),
        (" 5  3   yes ", " "), ("12:30|5", "|"), ("1,2", ","),
    ],
)  # fmt: skip
def test_the_separator_is_told(row: str, separator: str) -> None:
    assert guess(f"{row}\n" * 5, "t").separator == separator
    assert guess(f"{row}\n" * 2000, "t").separator == separator


@pytest.mark.parametrize("row", ["1 234,5 678", "a,b;c", "x|y;z"])
def test_a_separator_that_cannot_be_told(row: str) -> None:
    with pytest.raises(DataError, match="does not show whether .* separates.*--separator"):
        guess(f"{row}\n" * 5, "t.csv")


def test_the_whole_text_tells_where_its_beginning_does_not() -> None:
    assert guess("a,b;c\n" * 2000 + "a;c\n" * 2000, "t").separator == ";"


def test_a_bad_row_does_not_give_the_separator_away() -> None:
    """Commas fit every row here, and semicolons all but one: the row is at fault, and found later."""
    assert guess("5,3;0,1;0\n" * 20 + "5,3 0,1;0\n", "t").separator == ";"


def test_candidates_are_the_signs_that_give_rows_of_one_width() -> None:
    found = {one.separator: (one.width, one.share) for one in candidates("5,3;0\n" * 3 + "5;0\n")}
    assert found == {";": (2, 1.0), ",": (2, 0.75)}


@pytest.mark.parametrize("separator", ["", "ab", "x", '"', "\n", 5, "colon"])
def test_a_separator_is_one_sign(separator: str) -> None:
    with pytest.raises(DataError, match="separator must be one character"):
        parse_separator(separator)


@pytest.mark.parametrize("header", ["maybe", "0", "-1", 0, 1.5, ""])
def test_a_header_is_yes_no_or_a_line(header: object) -> None:
    with pytest.raises(DataError, match="header must be yes, no or the number of its line"):
        parse_header(header)


NUMBERS, WHOLE, WORDS = ["5.25", "-1.5", "7.1"] * 4, ["3", "5", "4"] * 4, ["yes", "no", "no"] * 4
NAMES, DATES = [f"Ann {i}" for i in range(12)], ["2024-01-31", "2024-02-01"] * 6


@pytest.mark.parametrize(
    ("first", "columns", "header"),
    [
        (["a", "b"], [NUMBERS, WORDS], True),
        (["a", "b"], [WORDS, WORDS], True),
        (["yes", "no"], [WORDS, WORDS], False),
        (["5.25", "yes"], [NUMBERS, WORDS], False),
        (["5.25", "1.5"], [NUMBERS, NUMBERS], False),
        (["4", "1"], [WHOLE, WHOLE], False),
        (["2019", "2020", "label"], [NUMBERS, NUMBERS, WORDS], True),
        (["2019", "2020"], [WORDS, NUMBERS], True),
        (["", "a"], [[str(i) for i in range(12)], NUMBERS], True),
        (["", "5.25"], [NUMBERS, NUMBERS], False),
        (["?", "yes"], [NUMBERS, WORDS], False),
        (["day", "yes"], [DATES, WORDS], True),
        (["2024-01-31", "yes"], [DATES, WORDS], False),
        (["Ann", "no"], [NAMES, WORDS], False),
        (["name", "kind"], [NAMES, WORDS], True),
        (["age", "yes"], [NUMBERS, WORDS], True),  # words alone, above numbers
        (["a", "b"], [[], []], True),
        (["1", "b"], [[], []], False),
        (["0", "1"], [NUMBERS, WHOLE], None),
        (["2019", "2020"], [NUMBERS, NUMBERS], None),
        (["1990", "2000"], [WHOLE, WHOLE], None),
        (["7", "3"], [NUMBERS, NUMBERS], None),
        (["400.5", "401", "401.5", "402"], [NUMBERS] * 4, None),
        (["0.1", "0.2", "0.5", "1.0", "2.0", "5.0"], [NUMBERS] * 6, None),
        (["0.1", "0.2", "0.5", "1.0"], [NUMBERS] * 4, False),
        (["1.5", "2.5"], [["1.5", "2.5"], ["3.5", "4.5"]], False),
        (["2019", "2020"], [["2018", "2000"], ["2020", "2019"]], False),  # as the rows below
        (["5.25", "rare"], [NUMBERS, WORDS], None),
        (["unknown", "5", "yes"], [NUMBERS, WHOLE, WORDS], None),
    ],
)
def test_the_header_is_told_or_in_doubt(
    first: list[str], columns: list[list[str]], header: bool | None
) -> None:
    below = [pa.array(one, pa.string()) for one in columns]
    assert verdict(signs(first, below)) is header
