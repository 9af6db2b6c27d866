"""What a comparison trains on: arrays, class names and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.core.errors import RegkitError

__all__ = ["DataError", "Dataset", "from_arrays"]

SMALLEST_CLASS = 5  # fewer cannot be shared out among training, validation and test


class DataError(RegkitError):
    """Data that cannot be read or cannot be compared on; the message says where and what to do."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled examples of a classification task.

    Attributes:
        x: The features, float32: `(n, features)`, or images `(n, height, width, channels)`.
        y: The labels, int64 in 0..K-1.
        name: What tables and files call it.
        class_names: The K labels as the source spelt them.
        note: What was done to the data and what was assumed.
        x_test: The features of a test part that the source fixed, or None.
        y_test: Its labels, or None.
        sha256: A digest of all arrays, for the record.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    name: str
    class_names: tuple[str, ...]
    note: str = ""
    x_test: NDArray[np.float32] | None = None
    y_test: NDArray[np.int64] | None = None
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for array in (self.x, self.y, self.x_test, self.y_test):
            if array is not None:
                digest.update(f"{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        object.__setattr__(self, "sha256", digest.hexdigest())

    @property
    def n_classes(self) -> int:
        """The number of classes, K."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """`(height, width, channels)` of images, None for a table of features."""
        return tuple(self.x.shape[1:]) if self.x.ndim == 4 else None

    def __repr__(self) -> str:
        fixed = "" if self.y_test is None else f" + {len(self.y_test)} test"
        return (
            f"Dataset({self.name}: {len(self.y)}{fixed} × {self.x.shape[1:]}, K={self.n_classes})"
        )


def from_arrays(
    x: Any, y: Any, name: str = "arrays", *, x_test: Any = None, y_test: Any = None, note: str = ""
) -> Dataset:
    """Return a Dataset of arrays, checked.

    Args:
        x: Features, `(n, features)`, or images `(n, height, width[, channels])`; uint8 images are
            divided by 255.
        y: Labels, `(n,)` integers or strings, or one-hot `(n, K)`.
        name: What tables and messages call the data.
        x_test: Features of a fixed test part, or None.
        y_test: Its labels; both or neither.
        note: What the reader should know about the source.

    Raises:
        DataError: for lengths that differ, NaN, labels that are no classes, too few examples.

    Example:
        >>> from_arrays([[0.0], [1.0]] * 5, ["no", "yes"] * 5)
        Dataset(arrays: 10 × (1,), K=2)
    """
    if (x_test is None) != (y_test is None):
        raise DataError(f"{name}: a test part needs both features and labels; one is missing")
    features, said = _features(x, name)
    labels = _labels(y, name)
    _same_length(features, labels, name)
    parts: dict[str, Any] = {}
    if x_test is not None:
        parts["x_test"], _ = _features(x_test, f"{name}, test part")
        test_labels = _labels(y_test, f"{name}, test part")
        _same_length(parts["x_test"], test_labels, f"{name}, test part")
        if parts["x_test"].shape[1:] != features.shape[1:]:
            raise DataError(
                f"{name}: training examples have shape {features.shape[1:]}, test examples "
                f"{parts['x_test'].shape[1:]}; they must agree"
            )
    classes = np.unique(labels)
    if x_test is not None:
        unseen = sorted(set(test_labels.tolist()) - set(classes.tolist()))
        if unseen:
            raise DataError(f"{name}: the test part has labels without training examples: {unseen}")
        parts["y_test"] = np.searchsorted(classes, test_labels).astype(np.int64)
    _enough(labels, classes, name)
    return Dataset(
        x=features,
        y=np.searchsorted(classes, labels).astype(np.int64),
        name=name,
        class_names=tuple(str(one) for one in classes.tolist()),
        note="; ".join(filter(None, (note, said))),
        **parts,
    )


def _features(x: Any, name: str) -> tuple[NDArray[np.float32], str]:
    array = np.asarray(x)
    if array.size == 0:
        raise DataError(f"{name}: empty; there are no examples")
    if array.dtype.kind not in "buif":
        raise DataError(f"{name}: features must be numbers; received dtype {array.dtype}")
    if array.ndim not in (2, 3, 4):
        raise DataError(
            f"{name}: features must be (n, features) or images (n, height, width[, channels]); "
            f"received shape {array.shape}"
        )
    said = ""
    if array.dtype == np.uint8 and array.ndim > 2:
        array, said = array / np.float32(255), "8-bit images divided by 255"
    array = np.ascontiguousarray(array[..., None] if array.ndim == 3 else array, dtype=np.float32)
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        raise DataError(
            f"{name}: {len(wrong)} feature values are NaN or infinite, the first in example "
            f"{wrong[0][0]}; remove or impute them first"
        )
    return array, said


def _labels(y: Any, name: str) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all():
        labels = labels.argmax(axis=1)  # one-hot
    if labels.ndim != 1:
        raise DataError(f"{name}: labels must be (n,) or one-hot (n, K); received {labels.shape}")
    if labels.dtype.kind == "f":
        wrong = labels[labels != np.round(labels)]  # NaN differs from itself
        if len(wrong):
            raise DataError(
                f"{name}: labels must be classes (integers or names), not measurements; found "
                f"{wrong[0]}. A regression target cannot be compared yet"
            )
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "buiU":
        raise DataError(f"{name}: labels must be integers or names; received {labels.dtype}")
    return labels.astype(np.int64) if labels.dtype.kind in "bu" else labels


def _same_length(x: NDArray[Any], y: NDArray[Any], name: str) -> None:
    if len(x) != len(y):
        raise DataError(f"{name}: {len(x)} examples but {len(y)} labels; they must be as many")


def _enough(labels: NDArray[Any], classes: NDArray[Any], name: str) -> None:
    if len(classes) < 2:
        raise DataError(f"{name}: all labels are {classes[0]!s}; at least two classes are needed")
    counts = {str(one): int((labels == one).sum()) for one in classes.tolist()[:1000]}
    few = [one for one, count in counts.items() if count < SMALLEST_CLASS]
    if few:
        raise DataError(
            f"{name}: class {few[0]!r} has {counts[few[0]]} examples ({len(few)} of {len(classes)} "
            f"classes have fewer than {SMALLEST_CLASS}), too few to share out among training, "
            "validation and test. Merge or drop them, or choose another target column"
        )
