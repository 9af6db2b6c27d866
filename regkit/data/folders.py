"""Reading images from a folder with one folder for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from regkit.core.words import counted
from regkit.data.arrays import from_arrays
from regkit.data.dataset import DataError, Dataset
from regkit.data.image_files import SizeOption, common_form, decode, headers, parse_size

__all__ = ["read_folder"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
VALIDATION = ("val", "valid", "validation")


def read_folder(path: Path, image_size: SizeOption = None, task: str | None = None) -> Dataset:
    """Return the images in `folder/<class>/`, or in `folder/train/<class>/` and `folder/test/…`.

    All images are read in colour if any of them is, else in grey; values are in [0, 1]. Files that
    start with a dot are ignored; other files that are no images are ignored and counted in the
    note. Of an animation the first frame is read; transparent areas become white.

    Args:
        path: The folder. A part `test` beside `train` is kept as a fixed test set.
        image_size: One side, or (height, width) or "HxW", to which all images are scaled, without
            regard to their proportions; None where all have the same size.
        task: None or "classification", as folders are classes.

    Raises:
        DataError: for no classes, a class without images, an image that cannot be read, images of
            several sizes without `image_size`, another task.
    """
    if task == "regression":
        raise DataError(f"{path}: the folders of images are classes; a regression needs numbers")
    size = parse_size(image_size)
    parts = _parts(path)
    contents = [_images(part) for part in parts]
    every = [file for files, _, _ in contents for file in files]
    (height, width), colour, scaled = common_form(path, headers(every), size)
    ignored = sum(others for _, _, others in contents) + (_others(path) if len(parts) > 1 else 0)
    note = f"{counted(len(every), 'image')}, {height}×{width}, "
    note += f"{'colour' if colour else 'grey'}{scaled}"
    if ignored:
        note += f"; {counted(ignored, 'other file')} ignored"
    arrays = [
        (decode(files, (height, width), colour), np.asarray(labels))
        for files, labels, _ in contents
    ]
    x_test, y_test = arrays[1] if len(parts) > 1 else (None, None)
    name = path.resolve().name
    options: dict[str, Any] = {"x_test": x_test, "y_test": y_test, "task": "classification"}
    return from_arrays(*arrays[0], name, note=note, **options)


def _parts(path: Path) -> list[Path]:
    """Return the folders of training and test part, or the one folder that holds the classes."""
    inner = {folder.name.lower(): folder for folder in _folders(path)}
    if not inner.keys() >= {"train", "test"}:
        return [path]
    more = sorted(inner.keys() - {"train", "test"})
    if more:
        move = "regkit draws validation images from train: move these there, or elsewhere"
        alone = "a folder has train and test alone, or classes alone"
        raise DataError(
            f"{path}: beside train and test there is {', '.join(more)}; "
            + (move if more[0] in VALIDATION else alone)
        )
    return [inner["train"], inner["test"]]


def _folders(path: Path) -> list[Path]:
    inner = (entry for entry in path.iterdir() if entry.is_dir())
    return sorted(folder for folder in inner if not folder.name.startswith("."))


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".")


def _others(folder: Path) -> int:
    """Return the number of files that are neither images nor hidden."""
    return sum(
        file.is_file() and not file.name.startswith(".") and not _is_image(file)
        for file in folder.iterdir()
    )


def _images(part: Path) -> tuple[list[Path], list[str], int]:
    """Return the images of all classes, their labels, and how many other files there are."""
    classes = _folders(part)
    loose = sum(_is_image(file) for file in part.iterdir() if file.is_file())
    if loose or not classes:
        problem = f"{counted(loose, 'image')} outside of any class" if loose else "no folder"
        raise DataError(
            f"{part}: {problem}; images belong in one folder for each class, such as "
            f"{part / 'cats' / 'tom.png'}"
        )
    files: list[Path] = []
    labels: list[str] = []
    ignored = _others(part)
    for folder in classes:
        own = sorted(file for file in folder.iterdir() if file.is_file() and _is_image(file))
        deeper = _folders(folder)
        if deeper:
            raise DataError(
                f"{folder}: a class's images lie in its own folder, not deeper; there is "
                f"{deeper[0].name!r}. Move its images up, or give {str(folder)!r} as the data"
            )
        if not own:
            raise DataError(
                f"{folder}: class {folder.name!r} has no images ({', '.join(SUFFIXES)}); add some "
                "or delete the folder"
            )
        files += own
        labels += [folder.name] * len(own)
        ignored += _others(folder)
    return files, labels, ignored
