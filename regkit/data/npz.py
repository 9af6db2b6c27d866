"""Arrays in `.npz` and `.npy` files: features and labels in one file, or in two."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from regkit.data.arrays import from_arrays
from regkit.data.dataset import DataError, Dataset
from regkit.types import Array

__all__ = ["read_arrays", "read_two"]

FEATURES = ("x", "images", "data", "features")
LABELS = ("y", "labels", "target", "targets")
TWO_FILES = (
    "give the file of the labels, too: --labels FILE on the command line, "
    'data=("images.npz", "labels.npz") in Python'
)
WHOLE = "the array"
UNNAMED = ("arr_0", "arr_1")  # what np.savez calls arrays without names

Arrays = dict[str, Array]


def read_arrays(path: Path, task: str | None = None) -> Dataset:
    """Return the arrays `x, y` or `x_train, y_train[, x_test, y_test]` of an `.npz` file.

    A test part is kept as a fixed test set: its authors meant results on it to be comparable, and
    pooling would hide that the two parts may differ.

    Raises:
        DataError: for a file of another kind, and for missing arrays.
    """
    arrays = _arrays(path)
    for keys in (("x", "y"), ("x_train", "y_train")):
        if keys[0] in arrays and keys[1] not in arrays:
            raise DataError(
                f"{path}: no labels; it has {keys[0]!r} but no {keys[1]!r}. If they are in "
                f"another file, {TWO_FILES}"
            )
        if all(key in arrays for key in keys):
            x_test, y_test = arrays.get("x_test"), arrays.get("y_test")
            x, y = (arrays[key] for key in keys)
            return from_arrays(x, y, path.name, task=task, x_test=x_test, y_test=y_test)
    if arrays.keys() == {*UNNAMED} and arrays[UNNAMED[1]].ndim < 3:
        note = "arr_0 are the features, arr_1 the labels"
        x, y = (arrays[key] for key in UNNAMED)
        return from_arrays(x, y, path.name, note=note, task=task)
    if len(arrays) == 1:
        (key, array), *_ = arrays.items()
        raise DataError(
            f"{path}: one array only ({key!r} of shape {array.shape}), no labels; {TWO_FILES}"
        )
    raise DataError(
        f"{path}: expected arrays 'x' and 'y', or 'x_train' and 'y_train' (and 'x_test', "
        f"'y_test'); it holds {', '.join(sorted(arrays)) or 'nothing'}"
    )


def read_two(features: Path, labels: Path, task: str | None = None) -> Dataset:
    """Return features and labels of two files, as KMNIST and others are published.

    Each holds one array, or among others one called x or y (images, labels and the like).

    Raises:
        DataError: where several arrays may be meant, and for numbers of examples that differ.
    """
    (x, x_name), (y, y_name) = _array(features, FEATURES), _array(labels, LABELS)
    note = f"features: {x_name} in {features.name}, labels: {y_name} in {labels.name}"
    if y.ndim > 2:
        raise DataError(
            f"{labels}: labels must be (n,) or one-hot (n, K); received {y.shape}. The file of the "
            "features comes first, that of the labels second"
        )
    return from_arrays(x, y, features.name, note=note, task=task)


def _array(path: Path, names: tuple[str, ...]) -> tuple[Array, str]:
    """Return the array of a file that is called by one of the names, or its only one."""
    arrays = _arrays(path)
    if names == FEATURES and (labels := sorted({*arrays} & {*LABELS})):
        raise DataError(f"{path}: it has labels already, {labels[0]!r}; give it alone")
    fitting = [name for name in arrays if name.split("_")[0] in names]
    if len(arrays) == 1:
        fitting = list(arrays)
    if len(fitting) != 1:
        raise DataError(
            f"{path}: it holds {', '.join(sorted(arrays)) or 'nothing'}, and it is unclear which "
            f"array is meant; leave one, or call it {names[0]!r}"
        )
    return arrays[fitting[0]], fitting[0]


def _arrays(path: Path) -> Arrays:
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return {WHOLE: content}
        with content as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        kind = path.suffix.lower()
        raise DataError(f"{path}: not a readable {kind} file of plain arrays ({error})") from error
