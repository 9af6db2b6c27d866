"""From what a user names to a `Dataset`: a known set, a file, a folder, or arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regkit.core.errors import suggest
from regkit.data.arrays import from_arrays
from regkit.data.bundled import BUNDLED, load_bundled
from regkit.data.dataset import DataError, Dataset
from regkit.data.files import read_csv, read_npz
from regkit.data.folders import read_folder
from regkit.data.labels import check_task
from regkit.data.published import PUBLISHED, load_published

__all__ = ["NAMED", "load"]

NAMED = {**dict.fromkeys(BUNDLED, load_bundled), **dict.fromkeys(PUBLISHED, load_published)}
READABLE = "an .npz or .csv file or a folder of images (folder/<class>/*.png)"


def load(
    source: Any,
    *,
    target: str | int | None = None,
    task: str | None = None,
    image_size: Any = None,
    ignore: str | int | Sequence[str | int] | None = None,
) -> Dataset:
    """Return the data that a user names.

    Args:
        source: `"digits"`, `"breast_cancer"`, `"wine"` or `"diabetes"`, bundled with scikit-learn;
            `"mnist"`, `"fashion_mnist"` or `"cifar10"` of `keras.datasets`, which downloads them
            once; a path to an `.npz` or `.csv` file or to a folder of images by class; a pair
            `(x, y)`; or a Dataset, which is returned as it is.
        target: The label column of a `.csv`, by name or index.
        task: `"classification"` or `"regression"`; None takes labels with fractions for a
            regression and all others for classes, and the note says so.
        image_size: For a folder of images of several sizes: the side, or height and width.
        ignore: Columns of a `.csv` to leave out, by name or index: one, or several in a list or
            in a text with commas.

    Raises:
        DataError: where the source is unknown, missing, empty, ragged or without labels, and
            where an option does not belong to it.

    Example:
        >>> load("diabetes")
        Dataset(diabetes: 442 × (10,), regression)
    """
    check_task(task, "data")
    kind = _kind(source)
    got = str(source) if isinstance(source, str | Path) else f"a {kind}"
    if target is not None and kind != "csv":
        raise DataError(f"target={target!r} names a column, which only a .csv has; got {got}")
    if ignore is not None and kind != "csv":
        raise DataError(f"ignore={ignore!r} names columns, which only a .csv has; got {got}")
    if image_size is not None and kind != "folder":
        raise DataError(f"image_size={image_size!r} is for a folder of images; got {got}")
    if kind == "pair":
        return from_arrays(source[0], source[1], task=task)
    if kind in ("dataset", "named"):
        data: Dataset = source if kind == "dataset" else NAMED[got](got)
        if task not in (None, data.task):
            raise DataError(f"{data.name} is data for {data.task}; task={task!r} does not fit it")
        return data
    path = Path(source).expanduser()
    try:
        if kind == "folder":
            return read_folder(path, image_size, task)
        if kind == "npz":
            return read_npz(path, task)
        ignored = [ignore] if isinstance(ignore, str | int) else ignore or ()
        return read_csv(path, target, task, ignored)
    except OSError as error:  # a permission, a disk
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _kind(source: Any) -> str:
    """Return what a source is, before anything of it is read."""
    if isinstance(source, Dataset):
        return "dataset"
    if isinstance(source, tuple | list) and len(source) == 2:
        return "pair"
    if not isinstance(source, str | Path):
        raise DataError(
            f"data must be a name, a path, a pair (x, y) or a Dataset; received {type(source)}"
        )
    if str(source) in NAMED:
        return "named"
    path = Path(source).expanduser()
    if not path.exists():
        near = suggest(str(source), NAMED)
        raise DataError(
            f"no file {str(source)!r}{near or '.'} Data is {', '.join(NAMED)}, or a path to "
            f"{READABLE}"
        )
    if path.is_dir():
        return "folder"
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".csv"):
        raise DataError(f"{source}: cannot be read; data is {READABLE}")
    return suffix[1:]
