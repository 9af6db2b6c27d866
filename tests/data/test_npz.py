"""Features and labels in one or two files of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regkit.data import DataError, load

pytestmark = pytest.mark.backend_free

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 6, 5), np.uint8)
LABELS = np.arange(12) // 3 % 2


def save(folder: Path, name: str, *arrays: Any, **named: Any) -> Path:
    path = folder / name
    if path.suffix == ".npy":
        np.save(path, arrays[0])
    else:
        np.savez(path, *arrays, **named)
    return path


@pytest.mark.parametrize("images", [IMAGES, IMAGES[..., None], np.stack([IMAGES] * 3, axis=-1)])
@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.uint8), np.eye(2)[LABELS]])
@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_images_and_labels_in_two_files(
    tmp_path: Path, images: Any, labels: Any, suffix: str
) -> None:
    x, y = save(tmp_path, f"x{suffix}", images), save(tmp_path, f"y{suffix}", labels)
    data = load((x, str(y)))
    assert data.x.shape == (*images.shape, 1)[:4]
    assert np.array_equal(data.x.squeeze(), (images / np.float32(255)).squeeze())
    assert data.y.tolist() == LABELS.tolist()
    assert f"in x{suffix}, labels: " in data.note
    assert load(x, labels=y).sha256 == load([x, y]).sha256 == data.sha256


def test_arrays_with_names_in_two_files(tmp_path: Path) -> None:
    x = save(tmp_path, "x.npz", images=IMAGES, ids=np.arange(12))
    y = save(tmp_path, "y.npz", labels=LABELS, ids=np.arange(12))
    assert load((x, y)).y.tolist() == LABELS.tolist()


def test_two_arrays_without_names(tmp_path: Path) -> None:
    data = load(save(tmp_path, "xy.npz", IMAGES, LABELS))
    assert data.y.tolist() == LABELS.tolist()
    assert "arr_0 are the features, arr_1 the labels" in data.note


@pytest.mark.parametrize("name", ["x.npz", "x.npy"])
def test_features_alone_are_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    path = save(tmp_path, name, IMAGES)
    with pytest.raises(DataError, match=r"no labels; give the file of the labels, too: --labels"):
        load(path)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ({"arr_0": IMAGES}, {"arr_0": np.tile(LABELS, 2)}, "12 examples but 24 labels"),
        ({"arr_0": LABELS}, {"arr_0": IMAGES}, "the features comes first, that of the labels"),
        ({"a": IMAGES, "b": IMAGES}, {"y": LABELS}, "x.npz: it holds a, b, and it is unclear which"),
        ({"x": IMAGES}, {"a": LABELS, "b": LABELS}, "y.npz: it holds a, b, and it is unclear which"),
        ({"x": IMAGES, "y": LABELS}, {"y": LABELS}, "x.npz: it has labels already, 'y'"),
        ({"x": IMAGES}, {}, "y.npz: it holds nothing"),
        ({"x": np.moveaxis(np.stack([IMAGES] * 3), 0, 1)}, {"y": LABELS}, "channels first.*moveaxis"),
    ],
)  # fmt: skip
def test_two_files_that_do_not_fit(
    tmp_path: Path, x: dict[str, Any], y: dict[str, Any], said: str
) -> None:
    files = save(tmp_path, "x.npz", **x), save(tmp_path, "y.npz", **y)
    with pytest.raises(DataError, match=said):
        load(files)


def test_what_is_no_file_of_labels(tmp_path: Path) -> None:
    x = save(tmp_path, "x.npz", IMAGES)
    (tmp_path / "y.csv").write_text("y\n1\n")
    with pytest.raises(DataError, match=r"labels=.*y.csv' must be an .npz or .npy file"):
        load(x, labels=tmp_path / "y.csv")
    with pytest.raises(DataError, match="no file 'none.npz'"):
        load(x, labels="none.npz")
    with pytest.raises(DataError, match=r"y.csv: a pair of paths is features and labels"):
        load((x, tmp_path / "y.csv"))
    with pytest.raises(DataError, match="labels='y' is the file of the labels.*received digits"):
        load("digits", labels="y")


def test_two_paths_in_one_text_are_told_how_to_be_given(tmp_path: Path) -> None:
    x, y = save(tmp_path, "x.npz", IMAGES), save(tmp_path, "y.npz", LABELS)
    with pytest.raises(DataError, match=rf"--data {x} --labels {y}"):
        load(f"{x},{y}")


def test_a_file_with_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"not a readable .npy file of plain arrays"):
        load(tmp_path / "x.npy")
