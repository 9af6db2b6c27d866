"""Images in folders by class, made here with Pillow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regkit.data import DataError, load
from regkit.data.image_files import parse_size

pytestmark = pytest.mark.backend_free

Image = pytest.importorskip("PIL.Image")


def paint(path: Path, size: tuple[int, int] = (6, 4), colour: Any = 255, mode: str = "L") -> None:
    """Write an image of (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def classes(root: Path, n: int = 6, suffix: str = ".png", **options: Any) -> Path:
    for name, colour in (("dark", 0), ("light", 255)):
        for i in range(n):
            paint(root / name / f"{i}{suffix}", colour=colour, **options)
    return root


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".PNG"])
def test_images_by_class(tmp_path: Path, suffix: str) -> None:
    data = load(classes(tmp_path / "set", suffix=suffix))
    assert (data.name, data.class_names, data.task) == ("set", ("dark", "light"), "classification")
    assert data.x.shape[:3] == (12, 4, 6)
    assert data.x[data.y == 0].max() == 0.0
    assert data.x[data.y == 1].min() == 1.0


def test_grey_unless_one_is_in_colour(tmp_path: Path) -> None:
    assert load(classes(tmp_path)).image_shape == (4, 6, 1)
    paint(tmp_path / "dark" / "red.png", colour=(255, 0, 0), mode="RGB")
    data = load(tmp_path)
    assert data.image_shape == (4, 6, 3)
    assert data.x[6, 0, 0].tolist() == [1.0, 0.0, 0.0]
    assert "colour" in data.note


def test_16_bits_and_transparency(tmp_path: Path) -> None:
    root = classes(tmp_path)
    Image.fromarray(np.full((4, 6), 257 * 51, np.uint16)).save(root / "dark" / "six16.png")
    paint(root / "dark" / "transparent.png", colour=(0, 0), mode="LA")
    data = load(root)
    assert data.image_shape == (4, 6, 1)
    assert (data.x[6:8] == 0).sum() == 0
    assert np.unique(data.x[6:8]) == pytest.approx([0.2, 1.0])


def test_a_photo_on_its_side_is_put_upright(tmp_path: Path) -> None:
    root = classes(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (4, 6)).save(root / "dark" / "side.jpg", exif=exif)
    assert load(root).image_shape == (4, 6, 1)


def test_a_test_folder_is_kept_apart(tmp_path: Path) -> None:
    classes(tmp_path / "train")
    classes(tmp_path / "test", n=1)
    data = load(tmp_path)
    assert data.y_test is not None
    assert (len(data.y), data.y_test.tolist()) == (12, [0, 1])


def test_other_files_are_counted_and_hidden_ones_are_not(tmp_path: Path) -> None:
    classes(tmp_path)
    (tmp_path / ".cache").mkdir()
    for name in ("readme.txt", "dark/Thumbs.db", "dark/.hidden.png", ".DS_Store"):
        (tmp_path / name).write_text("nothing")
    data = load(tmp_path)
    assert "2 other files ignored" in data.note
    assert len(data.y) == 12


def test_images_of_several_sizes_need_one(tmp_path: Path) -> None:
    classes(tmp_path)
    paint(tmp_path / "dark" / "large.png", size=(40, 20))
    with pytest.raises(DataError) as error:
        load(tmp_path)
    assert "2 sizes, 4×6 (12 images), 20×40 (1 images)" in str(error.value)
    assert "image_size=4 (--image-size 4)" in str(error.value)
    data = load(tmp_path, image_size=(8, 5))
    assert data.image_shape == (8, 5, 1)
    assert "scaled from 2 sizes" in data.note
    assert data.x[data.y == 1].min() == 1.0


def test_images_that_do_not_fit_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regkit.data.image_files.MOST_BYTES", 1000)
    with pytest.raises(DataError, match=r"12 images of 4×6 take .* such as image_size=2"):
        load(classes(tmp_path))


def no_class(root: Path) -> None:
    root.mkdir()


def loose(root: Path) -> None:
    paint(classes(root) / "alone.png")


def empty_class(root: Path) -> None:
    (classes(root) / "none").mkdir()


def damaged(root: Path) -> None:
    (classes(root) / "dark" / "0.png").write_bytes(b"no image")


def truncated(root: Path) -> None:
    file = classes(root, size=(60, 60)) / "dark" / "0.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8)).save(file)
    file.write_bytes(file.read_bytes()[:1000])


def deeper(root: Path) -> None:
    classes(root / "train")


def with_validation(root: Path) -> None:
    for part in ("train", "test", "val"):
        classes(root / part)


def with_more(root: Path) -> None:
    for part in ("train", "test", "extra"):
        classes(root / part)


def unknown_in_test(root: Path) -> None:
    classes(root / "train")
    paint(root / "test" / "grey" / "0.png")


def few(root: Path) -> None:
    classes(root, n=3)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (no_class, "no folder; images belong in one folder for each class"),
        (loose, "1 image outside of any class"),
        (empty_class, r"class 'none' has no images \(.png, .jpg"),
        (damaged, r"dark/0.png: not a readable image"),
        (truncated, r"dark/0.png: not a readable image"),
        (deeper, "there is 'dark'.*or give '.*set/train' as the data"),
        (with_validation, "beside train and test there is val; regkit draws validation images"),
        (with_more, "there is extra; a folder has train and test alone"),
        (unknown_in_test, r"without training examples: \['grey'\]"),
        (few, "class 'dark' has 3 examples.*target column$"),
    ],
)
def test_folders_that_cannot_be(tmp_path: Path, make: Any, said: str) -> None:
    make(tmp_path / "set")
    with pytest.raises(DataError, match=f"set.*{said}"):
        load(tmp_path / "set")


def test_folders_are_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a regression needs numbers"):
        load(classes(tmp_path), task="regression")


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "", "x", "4x", "1x2x3", (1, 2, 3), (4, 0), "0"])
def test_sizes_that_cannot_be(size: Any) -> None:
    with pytest.raises(DataError, match="image_size must be one side in pixels"):
        parse_size(size)


def test_without_pillow_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match="pip install pillow"):
        load(tmp_path)
