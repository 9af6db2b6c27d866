"""Numbers as people write them, and what is none."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.data.dataset import DataError
from regkit.data.decimals import decimal_marks, parse_decimal
from regkit.data.numbers import Evidence, evidence, parse, units

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5", 5), ("+5", 5), ("-.5", -0.5), ("5.", 5), ("1e3", 1000), ("1.5E-2", 0.015),
        ("1,234", 1234), ("1,234,567.25", 1234567.25), ("12,34,567", 1234567), ("1 234.5", 1234.5),
        ("1\u00a0234", 1234), ("1\u2009234\u2009567.5", 1234567.5), ("1\u202f234", 1234),
        ("1'234.5", 1234.5), ("1’234’567", 1234567), ("−5", -5), ("- 5", -5), ("(5)", -5),
        ("(1,234.50)", -1234.5), ("$1,234.00", 1234), ("-$5", -5), ("$-5", -5), ("($5)", -5),
        ("5 €", 5), ("€ 5", 5), ("CHF 1'234.50", 1234.5), ("5 EUR", 5), ("£5", 5), ("12 %", 12),
        ("12%", 12), ("3‰", 3), ("007", 7), ("$1e3", 1000),
    ],
)  # fmt: skip
def test_numbers_with_points(cell: str, value: float) -> None:
    assert parse(pa.array([cell]), ".").tolist() == [value]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5", 5), ("1,5", 1.5), ("-,5", -0.5), ("1.234", 1234), ("1.234.567,25", 1234567.25),
        ("1 234,5", 1234.5), ("1'234,5", 1234.5), ("1.234,56 €", 1234.56), ("€ -1,5", -1.5),
        ("(1.234,5)", -1234.5), ("12,5 %", 12.5), ("1,5e3", 1500), ("0,123", 0.123),
    ],
)  # fmt: skip
def test_numbers_with_commas(cell: str, value: float) -> None:
    assert parse(pa.array([cell]), ",").tolist() == [value]


NONE = ["", "x", "1,5", "0,123", "1,23,4", "12,345,6", "1.2.3", "1_000", "inf", "1e39", "0x10"]
NONE += ["(5", "5)", "--5", "-$-5", "5 6", "1 23", "1'23", "5 kg", "5k", "$", "%", "1,234e3", "+-5"]


@pytest.mark.parametrize("cell", NONE)
def test_what_is_no_number_with_points(cell: str) -> None:
    assert math.isnan(parse(pa.array([cell]), ".")[0])


@pytest.mark.parametrize("cell", ["1.5", "0.123", "1,", "1.23.4", "1,234,567", "1.2", "1,5,2"])
def test_what_is_no_number_with_commas(cell: str) -> None:
    assert math.isnan(parse(pa.array([cell]), ",")[0])


@given(st.lists(st.floats(-1e30, 1e30) | st.integers(-(10**9), 10**9), min_size=1))
def test_numbers_of_python_are_read_as_python_reads_them(values: list[float]) -> None:
    assert parse(pa.array([repr(one) for one in values])).tolist() == values


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1), st.sampled_from(["", "$", "x"]))
def test_a_column_is_read_cell_by_cell(values: list[int], odd: str) -> None:
    """The fast road for plain columns and the other one agree."""
    cells = [f"{one / 100:,.2f}" for one in values]
    alone = [parse(pa.array([one]))[0] for one in cells]
    together = parse(pa.array([*cells, odd]))
    assert together[:-1].tolist() == alone == [one / 100 for one in values]


@pytest.mark.parametrize("long", [1, 1200])
@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["5", "x"], Evidence()),
        (["5", "1.234"], Evidence(unclear_point="1.234", whole="5")),
        (["1.5"], Evidence(point="1.5")),
        (["1,5"], Evidence(comma="1,5")),
        (["1,234"], Evidence(unclear_comma="1,234")),
        (["1.234"], Evidence(unclear_point="1.234")),
        (["1,234", "0,5"], Evidence(comma="0,5", unclear_comma="1,234")),
        (["1,234,567"], Evidence(point="1,234,567")),
        (["1,234.5"], Evidence(point="1,234.5")),
        (["1.234.567"], Evidence(comma="1.234.567")),
        (["31.12.2024", "1.2.3"], Evidence()),
    ],
)
def test_evidence(cells: list[str], found: Evidence, long: int) -> None:
    assert evidence(pa.array(cells * long)) == found


def test_evidence_far_below() -> None:
    assert evidence(pa.array(["1,234"] * 5000 + ["1,5"])).comma == "1,5"


NAMES = ["a", "b"]
UNCLEAR = Evidence(unclear_comma="1,234")


def test_a_column_that_does_not_tell_follows_the_others() -> None:
    assert decimal_marks({0: UNCLEAR, 1: Evidence(point="1.5")}, NAMES, "t") == {0: ".", 1: "."}
    assert decimal_marks({0: UNCLEAR, 1: Evidence(comma="1,5")}, NAMES, "t") == {0: ",", 1: ","}
    points = Evidence(unclear_point="1.234")
    assert decimal_marks({0: points, 1: Evidence(comma="1,5")}, NAMES, "t") == {0: ",", 1: ","}
    assert decimal_marks({0: points}, NAMES, "t") == {0: "."}
    assert decimal_marks({0: points, 1: Evidence(point="1.5")}, NAMES, "t", None, ";") == {
        0: ".",
        1: ".",
    }


@pytest.mark.parametrize(
    ("found", "separator", "said"),
    [
        ({0: UNCLEAR}, ",", "column 'a'.*'1,234'.*--decimal"),
        ({1: UNCLEAR}, ";", "column 'b'.*--decimal"),
        ({0: Evidence(unclear_point="1.234")}, ";", "'1.234'.*--decimal"),
        ({0: Evidence(unclear_point="1.234")}, "\t", "'1.234'.*--decimal"),
        ({0: Evidence(unclear_point="1.234", whole="5")}, ",", "'1.234'.*--decimal"),
        ({0: Evidence("1.5", "1,5")}, ",", "'1.5' has a decimal point, '1,5' a decimal comma"),
        ({0: UNCLEAR, 1: Evidence("1.5"), 2: Evidence(None, "1,5")}, ",", "column 'a'.*--decimal"),
    ],
)
def test_a_mark_that_cannot_be_told(found: dict[int, Evidence], separator: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        decimal_marks(found, [*NAMES, "c"], "t.csv", None, separator)
    named = dict.fromkeys(found, ",")
    assert decimal_marks(found, [*NAMES, "c"], "t.csv", ",", separator) == named


@pytest.mark.parametrize("decimal", ["", ";", "..", "kommata", 5])
def test_a_decimal_mark_is_a_point_or_a_comma(decimal: str) -> None:
    with pytest.raises(DataError, match="decimal must be"):
        parse_decimal(decimal)


def test_units_are_told_with_a_cell_each() -> None:
    assert units(pa.array(["$5", "7", "$1e3", "5 €"])) == [("$", "$5"), ("", "7"), ("€", "5 €")]
    assert units(pa.array(["1e5", "1,5"])) == [("", "1e5")]


def test_a_long_column_of_money() -> None:
    values = np.arange(5000) * 7.25
    assert parse(pa.array([f"${one:,.2f}" for one in values])).tolist() == values.tolist()
