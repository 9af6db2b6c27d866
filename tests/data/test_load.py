"""What a user may hand in as data, and what is said where it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.data import DataError, Dataset, from_arrays, load
from regkit.data.corruption import redraw_labels

pytestmark = pytest.mark.backend_free

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"


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
        ({"a": np.zeros(3), "b": np.zeros(3)}, "expected arrays 'x' and 'y'.*holds a, b"),
        ({"x": np.zeros((9, 2)), "y": np.zeros(8, int)}, "9 examples but 8 labels"),
        ({"x": np.zeros((0, 2)), "y": np.zeros(0, int)}, "empty"),
        ({"x": np.zeros((9, 2)), "y": np.r_[np.nan, 1:9]}, "the label of example 0 is nan"),
        ({"x": np.zeros((4, 2)), "y": np.linspace(0, 1, 4)}, "4 examples, too few.*at least 5"),
        ({"x": np.zeros((9, 2)), "y": np.full(9, 0.5)}, "all labels are 0.5"),
        ({"x": np.zeros((9, 2)), "y": np.r_[0.5, 1:8, 1e39]}, "up to 1e.39, too large"),
        ({"x": np.zeros((9, 2)), "y": np.zeros((9, 3))}, r"received \(9, 3\). Several targets"),
        ({"x": np.zeros((9, 2)), "y": np.zeros(9, complex)}, "numbers or names; received complex"),
        ({"x": np.full((9, 2), 1e39), "y": np.arange(9) % 2}, "18 feature values.*infinite"),
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
        (
            {
                "x_train": np.zeros((10, 2)),
                "y_train": np.arange(10) % 2,
                "x_test": np.zeros((2, 2)),
                "y_test": np.array(["no", "yes"]),
            },
            "labels of one of the .* are names, those of the other numbers",
        ),
        (
            {
                "x_train": np.zeros((10, 2, 2), np.uint8),
                "y_train": np.arange(10) % 2,
                "x_test": np.zeros((2, 2, 2)),
                "y_test": np.zeros(2, int),
            },
            "only one of .* images has 8 bits",
        ),
    ],
)
def test_npz_that_cannot_be(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=f"bad.npz.*{said}"):
        load(tmp_path / "bad.npz")


def test_npz_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not a readable .npz"):
        (tmp_path / "a.npz").write_text("no arrays")
        load(tmp_path / "a.npz")


# -- what is named -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("breast_cancer", (569, 30), ("benign", "malignant")),
        ("wine", (178, 13), ("class_0", "class_1", "class_2")),
        ("diabetes", (442, 10), ()),
    ],
)
def test_sets_that_come_with_scikit_learn(
    name: str, shape: tuple[int, int], classes: tuple[str, ...]
) -> None:
    data = load(name)
    assert (data.name, data.x.shape, data.class_names) == (name, shape, classes)
    assert data.task == ("classification" if classes else "regression")
    assert len({column.name for column in data.columns}) == shape[1]


def test_without_scikit_learn_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(DataError, match=r"wine comes with scikit-learn: pip install"):
        load("wine")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("digts", "no file 'digts'; did you mean 'digits'"),
        ("nowhere.csv", "no file 'nowhere.csv'"),
        (7, "must be a name, a path"),
        (__file__, "cannot be read; data is a table .*, an .npz, or a folder of images"),
    ],
)
def test_unknown_source(source: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(source)


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("digits", {"ignore": "y"}, "only a table has; received digits"),
        ("digits", {"target": "y"}, "only a table has; received digits"),
        (
            (np.zeros((9, 2)), np.arange(9) % 2),
            {"target": "y"},
            "only a table has; received a pair",
        ),
        ("digits", {"image_size": 4}, "for a folder of images; received digits"),
        ("digits", {"task": "regression"}, "digits is data for classification"),
        ("diabetes", {"task": "classification"}, "diabetes is data for regression"),
        ("digits", {"task": "ranking"}, "classification or regression; received 'ranking'"),
    ],
)
def test_an_option_that_does_not_belong(source: object, options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(source, **options)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.csv").write_text("1,2\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=r"a.csv cannot be read: Permission denied"):
        load(tmp_path / "a.csv")


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
