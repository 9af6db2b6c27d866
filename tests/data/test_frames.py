"""pandas and Parquet: columns by their types, pairs by their index."""

from __future__ import annotations

import datetime
import decimal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from regkit.data import DataError, Dataset, load

pytestmark = pytest.mark.backend_free

N = 24
RANDOM = np.random.default_rng(0)
A = RANDOM.normal(size=N).round(3)
CODES = np.arange(N) % 2
WORDS = np.where(CODES, "yes", "no")
GAP = [None, *range(1, N)]

NUMBERS = {
    "float64": A,
    "float32": A.astype(np.float32),
    "int8": CODES.astype(np.int8),
    "uint64": CODES.astype(np.uint64),
    "bool": CODES == 1,
    "Int64": pd.array(GAP, dtype="Int64"),
    "Float32": pd.array(GAP, dtype="Float32"),
    "boolean": pd.array([None, *(CODES[1:] == 1)], dtype="boolean"),
    "objects": np.array(GAP, dtype=object),
    "decimals": [decimal.Decimal("1.5")] * N,
    "sparse": pd.arrays.SparseArray(CODES.astype(float)),
    "arrow": pd.array(A, dtype="float64[pyarrow]"),
    "texts": pd.array([f"{one:.2f}".replace(".", ",") for one in A], dtype="string"),
}
CATEGORIES = {
    "category": pd.Categorical([None, *WORDS[1:]]),
    "ordered": pd.Categorical(WORDS, ["yes", "no"], ordered=True),
    "numbers": pd.Categorical(CODES),
    "string": pd.array([None, *WORDS[1:]], dtype="string"),
    "object": np.array([None, *WORDS[1:]], dtype=object),
    "arrow": pd.array(list(WORDS), dtype="string[pyarrow]"),
    "mixed": np.array([*(["a", "b"] * 10), 1, 1, 1, 1], dtype=object),
    "intervals": pd.cut(np.arange(N), 3),
}
TIMES = pd.date_range("2024-01-31", periods=N)
DATES = {
    "datetime": TIMES,
    "zone": TIMES.tz_localize("UTC"),
    "difference": TIMES - TIMES[0],
    "period": TIMES.to_period("D"),
    "date": [datetime.date(2024, 1, 31)] * N,
    "arrow": pd.array(TIMES, dtype="timestamp[ns][pyarrow]"),
}
OTHERS = {"complex": A + 1j, "lists": [[1]] * N, "bytes": [b"a"] * N}


def frame(column: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": A, "f": column, "label": WORDS})


def read(table: pd.DataFrame, folder: Path | None, **options: Any) -> Dataset:
    """A frame as it is, or by way of a Parquet file."""
    if folder is None:
        return load(table, **options)
    table.to_parquet(folder / "t.parquet")
    return load(folder / "t.parquet", **options)


@pytest.fixture(params=["frame", "parquet"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param == "parquet" else None


@pytest.mark.parametrize("kind", sorted(set(NUMBERS) - {"sparse"}))
def test_columns_of_numbers(folder: Path | None, kind: str) -> None:
    data = read(frame(NUMBERS[kind]), folder)
    column = pd.Series(NUMBERS[kind])
    if kind == "texts":
        column = column.str.replace(",", ".")
    wanted = column.to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float32)
    assert data.columns[1].categories is None
    assert np.array_equal(data.x[:, 1], wanted, equal_nan=True)
    assert data.class_names == ("no", "yes")


def test_a_sparse_column() -> None:  # Parquet has none
    assert load(frame(NUMBERS["sparse"])).x[:, 1].tolist() == CODES.tolist()


@pytest.mark.parametrize("kind", sorted(set(CATEGORIES) - {"mixed", "intervals"}))
def test_columns_of_categories(folder: Path | None, kind: str) -> None:
    check_categories(read(frame(CATEGORIES[kind]), folder), kind)


@pytest.mark.parametrize("kind", ["mixed", "intervals"])
def test_columns_of_categories_that_parquet_does_not_have(kind: str) -> None:
    check_categories(load(frame(CATEGORIES[kind])), kind)


def check_categories(data: Dataset, kind: str) -> None:
    wanted = [None if pd.isna(one) else str(one) for one in pd.Series(CATEGORIES[kind])]
    categories = data.columns[1].categories
    assert categories == tuple(sorted({one for one in wanted if one is not None}))
    codes = data.x[:, 1]
    assert [None if np.isnan(one) else categories[int(one)] for one in codes] == wanted


@pytest.mark.parametrize("kind", sorted(DATES))
def test_dates_are_refused_or_ignored(folder: Path | None, kind: str) -> None:
    table = frame(DATES[kind])
    with pytest.raises(DataError, match="column 'f' holds dates or times.*--ignore f"):
        read(table, folder)
    with pytest.raises(DataError, match="column 'f' holds dates or times, which cannot be labels"):
        read(table, folder, target="f")
    assert read(table, folder, ignore="f").x.shape == (N, 1)


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_other_types_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match="column 'f' holds .*which is not read"):
        load(frame(OTHERS[kind]))


@pytest.mark.parametrize("value", [np.inf, 1e39])
def test_numbers_that_float32_cannot_hold(folder: Path | None, value: float) -> None:
    with pytest.raises(DataError, match="row 0, column 'f': .* is not a finite number"):
        read(frame([value, *A[1:]]), folder)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (None, ""),
        (pd.RangeIndex(5, 5 + N), ""),
        (pd.Index([f"r{i}" for i in range(N)], name="id"), "the index 'id' is no feature"),
        (pd.Index(range(N), name="id"), "the index 'id' is no feature"),
        (pd.Index(TIMES), "the index is no feature"),
        (pd.MultiIndex.from_product([range(N), ["a"]]), "the index is no feature"),
    ],
)
def test_an_index_is_no_feature(folder: Path | None, index: Any, said: str) -> None:
    data = read(frame(A).set_index(index) if index is not None else frame(A), folder)
    assert [one.name for one in data.columns] == ["a", "f"]
    assert data.note.startswith(said or "labels from")


def test_names_of_columns() -> None:
    twice = pd.DataFrame(np.c_[A, A, CODES], columns=["a", "a", "y"])
    assert load(twice).x.shape == (N, 2)
    with pytest.raises(
        DataError, match=r"several columns are called 'a'; give its index \(0 and 1"
    ):
        load(twice, target="a")
    assert load(pd.DataFrame(np.c_[A, CODES]), target=1).columns[0].name == "0"
    levels = pd.concat({"x": frame(A)}, axis=1)
    assert [one.name for one in load(levels).columns] == ["x a", "x f"]


TABLE = pd.DataFrame({"a": A, "b": A[::-1]})
SERIES = pd.Series(WORDS, name="kind")


@pytest.mark.parametrize(
    "labels",
    [
        SERIES,
        SERIES.astype("category"),
        SERIES.astype("string"),
        SERIES.to_frame(),
        SERIES.to_numpy(),
        SERIES.to_list(),
        pd.Index(SERIES),
        np.array(SERIES.to_list(), dtype=object),
    ],
)
def test_a_frame_and_its_labels(labels: Any) -> None:
    data = load((TABLE, labels))
    assert (data.class_names, data.y.tolist()) == (("no", "yes"), CODES.tolist())
    assert [one.name for one in data.columns] == ["a", "b"]
    assert load((TABLE.to_numpy(), labels)).y.tolist() == CODES.tolist()


def test_labels_of_numbers() -> None:
    assert load((TABLE, pd.Series(A))).task == "regression"
    assert load((TABLE, pd.Series(CODES == 1))).y.tolist() == CODES.tolist()
    assert load((TABLE, np.eye(2)[CODES])).y.tolist() == CODES.tolist()
    assert load((TABLE, pd.Series(pd.Categorical(CODES / 2)))).task == "classification"
    assert load((TABLE, pd.Series(CODES)), task="regression").task == "regression"


def test_images_and_a_series() -> None:
    data = load((np.zeros((N, 4, 4), np.uint8), SERIES))
    assert (data.image_shape, data.class_names) == ((4, 4, 1), ("no", "yes"))


def test_columns_of_a_pair_are_ignored_on_request() -> None:
    assert [one.name for one in load((TABLE, SERIES), ignore="a").columns] == ["b"]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ((TABLE, SERIES.sample(frac=1, random_state=0)), "the same index in another order"),
        ((TABLE, SERIES[:5]), "24 examples but 5 labels"),
        ((TABLE, TABLE), "2 columns of labels"),
        ((TABLE, A.reshape(-1, 2).repeat(2, axis=0)), "Several targets"),
        ((TABLE, SERIES.where(CODES == 1)), "row 0, column 'kind': the label is missing"),
        ((TABLE, pd.Series(TIMES)), "holds dates or times, which cannot be labels"),
        ((TABLE[:0], SERIES[:0]), "empty"),
        ((np.full((N, 2), np.nan), SERIES), "48 feature values are NaN"),
    ],
)
def test_pairs_that_cannot_be(pair: tuple[Any, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(pair)


def test_another_index_pairs_by_place_and_is_said() -> None:
    data = load((TABLE, SERIES.set_axis([f"r{i}" for i in range(N)])))
    assert "paired by position, as their indexes differ" in data.note


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (TABLE[["a"]], {}, r"one column only; features and a label column are needed\.$"),
        (TABLE[:0], {}, "DataFrame: empty"),
        (SERIES, {}, "data must be"),
        (
            TABLE,
            {"separator": ";"},
            "separator=';' is for a table in a text file; received a DataFrame",
        ),
        (TABLE, {"header": False}, "header=False is for a table in a text file"),
        (TABLE, {"encoding": "utf-8"}, "encoding='utf-8' is for a table"),
        (
            (TABLE, SERIES),
            {"target": "a"},
            "names a column, which only a table has; received a pair",
        ),
    ],
)
def test_frames_that_cannot_be(source: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(source, **options)


def test_what_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"t.parquet: not a readable Parquet file"):
        load(tmp_path / "t.parquet")


@pytest.mark.parametrize(("missing", "suffix"), [("pyarrow", "csv"), ("pandas", "parquet")])
def test_without_the_packages_it_is_said_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, suffix: str
) -> None:
    (tmp_path / f"t.{suffix}").write_text("a,b\n1,2\n")
    for name in [one for one in sys.modules if one.split(".")[0] == missing]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        DataError, match=rf"tables are read with {missing}, .*pip install .*pyarrow"
    ):
        load(tmp_path / f"t.{suffix}")
