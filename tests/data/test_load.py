"""What a user may hand in as data, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.data import DataError, Dataset, from_arrays, load
from regkit.data.corruption import redraw_labels

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(n: int = 12) -> str:
    return "".join(f"{i},{i * 2},{'ab'[i % 2]}\n" for i in range(n))


def test_digits_are_scaled_images() -> None:
    data = load("digits")
    assert data.x.shape == (1797, 8, 8, 1)
    assert (data.x.min(), data.x.max()) == (0.0, 1.0)
    assert (data.n_classes, data.image_shape, data.x.dtype) == (10, (8, 8, 1), np.float32)


def test_digest_tells_data_apart() -> None:
    x, y = np.arange(20.0)[:, None], np.arange(20) % 2
    assert from_arrays(x, y).sha256 == from_arrays(x.copy(), y).sha256
    assert from_arrays(x, y).sha256 != from_arrays(x + 1, y).sha256


def test_a_pair_and_a_dataset_are_data() -> None:
    data = load((np.zeros((10, 2)), ["no", "yes"] * 5))
    assert data.class_names == ("no", "yes")
    assert load(data) is data


@pytest.mark.parametrize("labels", ["int8", "uint8", "bool", "float64", "str", "one-hot", "column"])
def test_labels_in_any_form_become_numbers_from_0(labels: str) -> None:
    y = np.arange(20) % 2
    forms = {"one-hot": np.eye(2)[y], "column": y[:, None]}
    data = from_arrays(np.zeros((20, 1)), forms[labels] if labels in forms else y.astype(labels))
    assert data.y.tolist() == y.tolist()
    assert data.y.dtype == np.int64


# -- npz ---------------------------------------------------------------------------------------


def test_npz_with_one_part(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((12, 3)), y=np.arange(12) % 2 + 5)
    data = load(tmp_path / "a.npz")
    assert (data.class_names, data.x_test, data.image_shape) == (("5", "6"), None, None)


def test_npz_keeps_its_test_part_apart(tmp_path: Path) -> None:
    images = np.full((12, 4, 4), 255, np.uint8)
    np.savez(
        tmp_path / "a.npz",
        x_train=images,
        y_train=np.arange(12) % 2,
        x_test=images[:4],
        y_test=np.ones(4, int),
    )
    data = load(str(tmp_path / "a.npz"))
    assert data.x_test is not None
    assert data.y_test is not None
    assert data.x.shape == (12, 4, 4, 1)
    assert data.x.max() == 1.0
    assert data.y_test.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((9, 2))}, "no labels.* 'x' but no 'y'"),
        ({"a": np.zeros(3)}, "expected arrays 'x' and 'y'.*holds a"),
        ({"x": np.zeros((9, 2)), "y": np.zeros(8, int)}, "9 examples but 8 labels"),
        ({"x": np.zeros((0, 2)), "y": np.zeros(0, int)}, "empty"),
        ({"x": np.zeros((9, 2)), "y": np.linspace(0, 1, 9)}, "not measurements; found 0.125"),
        ({"x": np.full((9, 2), np.nan), "y": np.arange(9) % 2}, "18 feature values are NaN"),
        ({"x": np.zeros((9, 2)), "y": np.zeros(9, int)}, "all labels are 0"),
        ({"x": np.zeros((9, 2)), "y": np.arange(9) // 7}, "class '1' has 2 examples"),
        ({"x": np.zeros(9), "y": np.arange(9) % 2}, r"received shape \(9,\)"),
        ({"x": np.array(["a"] * 9)[:, None], "y": np.arange(9) % 2}, "must be numbers"),
        (
            {
                "x_train": np.zeros((10, 2)),
                "y_train": np.arange(10) % 2,
                "x_test": np.zeros((2, 2)),
            },
            "both features and labels",
        ),
        (
            {
                "x_train": np.zeros((10, 2)),
                "y_train": np.arange(10) % 2,
                "x_test": np.zeros((2, 3)),
                "y_test": np.zeros(2, int),
            },
            "must agree",
        ),
        (
            {
                "x_train": np.zeros((10, 2)),
                "y_train": np.arange(10) % 2,
                "x_test": np.zeros((2, 2)),
                "y_test": np.array([0, 7]),
            },
            r"without training examples: \[7\]",
        ),
    ],
)
def test_npz_that_cannot_be(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=f"bad.npz.*{said}"):
        load(tmp_path / "bad.npz")


def test_npz_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not a readable .npz"):
        load(write(tmp_path, "no arrays", "a.npz"))


# -- csv ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_without_a_header(tmp_path: Path, separator: str) -> None:
    data = load(write(tmp_path, rows().replace(",", separator)))
    assert data.x.tolist()[3] == [3.0, 6.0]
    assert data.class_names == ("a", "b")
    assert "last column" in data.note


@pytest.mark.parametrize(
    ("header", "target", "column"),
    [
        ("u,v,class", None, 2),
        ("u,LABEL,v", None, 1),
        ("u,v,kind", "kind", 2),
        ("u,v,kind", "0", 0),
        ("u,v,kind", -1, 2),
    ],
)
def test_csv_target_column(
    tmp_path: Path, header: str, target: str | int | None, column: int
) -> None:
    cells = [[9, 9, 9] for _ in range(12)]
    for i, row in enumerate(cells):
        row[column] = i % 2
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
        ("a,b,c\n1,,x\n", "line 2, column 'b': an empty cell"),
        ("a,b,c\n1,nan,x\n", "line 2, column 'b': 'nan'"),
        ("a,b,c\n1,2,\n", "line 2, column 'c': the label is missing"),
        ("a,b,c\n1,2,0.5\n1,2,1.5\n", "not measurements; found 0.5"),
        ("a\n1\n2\n", "one column only"),
        (rows(6), "class 'a' has 3 examples"),
        ('a,b,c\n1,2,"x\n', "all labels are"),
    ],
)
def test_csv_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=f"table.csv.*{said}"):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("target", "said"),
    [("specie", "no column is called 'specie'; did you mean 'species'"), ("7", "0 to 2")],
)
def test_csv_without_that_column(tmp_path: Path, target: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(write(tmp_path, "u,v,species\n" + rows()), target=target)


def test_csv_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,\xe9\n")
    with pytest.raises(DataError, match="UTF-8"):
        load(tmp_path / "a.csv")


@given(st.lists(st.tuples(st.floats(-1e6, 1e6, width=32), st.integers(0, 1)), min_size=1))
def test_csv_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[float, int]]
) -> None:
    cells = [*cells, *[(0.0, 0), (1.0, 1)] * 5]
    text = "value,y\n" + "".join(f"{value!r},{label}\n" for value, label in cells)
    data = load(write(tmp_path_factory.mktemp("csv"), text))
    assert data.x[:, 0].tolist() == [np.float32(value) for value, _ in cells]
    assert data.y.tolist() == [label for _, label in cells]


# -- what is named -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("digts", "no file 'digts'; did you mean 'digits'"),
        ("nowhere.csv", "no file 'nowhere.csv'"),
        (7, "must be a name, a path"),
        (__file__, "only .npz and .csv"),
    ],
)
def test_unknown_source(source: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(source)


def test_target_is_for_csv() -> None:
    with pytest.raises(DataError, match=r"only a .csv has"):
        load("digits", target="y")


def test_mnist_is_read_as_published() -> None:
    if not MNIST.exists():
        pytest.skip(f"{MNIST} is not there")
    data = load(MNIST)
    assert isinstance(data, Dataset)
    assert data.y_test is not None
    assert (data.x.shape, len(data.y_test)) == ((60_000, 28, 28, 1), 10_000)


# -- label noise -------------------------------------------------------------------------------


def test_redrawn_labels_are_uniform_and_as_many_as_said() -> None:
    y = np.arange(100_000) % 10
    noisy = redraw_labels(y, 0.3, 10, seed=1)
    assert (noisy != y).mean() == pytest.approx(0.27, abs=0.005)
    wrong = np.bincount(noisy[noisy != y], minlength=10) / 27_000
    assert wrong == pytest.approx(np.full(10, 0.1), abs=0.01)


@given(st.integers(0, 2**31 - 1))
def test_no_noise_changes_nothing_and_a_seed_repeats(seed: int) -> None:
    y = np.arange(50) % 3
    assert redraw_labels(y, 0.0, 3, seed).tolist() == y.tolist()
    assert redraw_labels(y, 0.5, 3, seed).tolist() == redraw_labels(y, 0.5, 3, seed).tolist()


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_noise_is_a_fraction(fraction: float) -> None:
    with pytest.raises(DataError, match="from 0 to 1"):
        redraw_labels(np.zeros(5, np.int64), fraction, 2, seed=0)
