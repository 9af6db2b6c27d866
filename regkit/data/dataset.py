"""The data of a comparison: arrays, class names, and notes on their source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regkit.core.errors import RegkitError

__all__ = ["TASKS", "Column", "DataError", "Dataset"]

TASKS = ("classification", "regression")


class DataError(RegkitError):
    """Data that cannot be read, or not be used; the message says where and what to do."""


@dataclass(frozen=True)
class Column:
    """One feature of a table: numbers, or categories as their codes; NaN where a cell is missing.

    Attributes:
        name: The name in the source.
        categories: Code i in the table means `categories[i]`; None where the feature is a number.
        missing: Whether any cell is missing, in any part of the data.
    """

    name: str
    categories: tuple[str, ...] | None = None
    missing: bool = False


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples with labels: classes for classification, numbers for regression.

    Attributes:
        x: The features, float32: `(n, features)`, or images `(n, height, width, channels)`.
        y: Class labels, int64 in 0..K-1; for regression the target, float32 in its own units.
        name: Its name in tables and files.
        class_names: The K labels as the source spelt them; empty for regression.
        note: What was done to the data and what was assumed.
        x_test: The features of a test part that the source fixed, or None.
        y_test: Its labels, or None.
        columns: The column of each feature of a table; empty where all are plain numbers.
        task: `"classification"` or `"regression"`.
        sha256: A digest of all arrays, for the record.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64] | NDArray[np.float32]
    name: str
    class_names: tuple[str, ...]
    note: str = ""
    x_test: NDArray[np.float32] | None = None
    y_test: NDArray[np.int64] | NDArray[np.float32] | None = None
    columns: tuple[Column, ...] = ()
    task: str = "classification"
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for array in (self.x, self.y, self.x_test, self.y_test):
            if array is not None:
                digest.update(f"{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        categories = [column.categories for column in self.columns]
        if any(categories):  # the same codes may mean other categories
            digest.update(repr(categories).encode())
        object.__setattr__(self, "sha256", digest.hexdigest())

    @property
    def n_classes(self) -> int | None:
        """The number of classes, K; None for regression."""
        return len(self.class_names) if self.task == "classification" else None

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """`(height, width, channels)` of images, None for a table of features."""
        return tuple(self.x.shape[1:]) if self.x.ndim == 4 else None

    def __repr__(self) -> str:
        fixed = "" if self.y_test is None else f" + {len(self.y_test)} test"
        task = "regression" if self.n_classes is None else f"K={self.n_classes}"
        return f"Dataset({self.name}: {len(self.y)}{fixed} × {self.x.shape[1:]}, {task})"
