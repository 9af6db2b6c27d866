"""From arrays in memory to a `Dataset`, with every assumption checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regkit.data import label_values
from regkit.data.dataset import Column, DataError, Dataset
from regkit.types import Array

__all__ = ["from_arrays"]

Features = NDArray[np.float32]


def from_arrays(
    x: object,
    y: object,
    name: str = "arrays",
    *,
    x_test: object = None,
    y_test: object = None,
    note: str = "",
    task: str | None = None,
    columns: Sequence[Column] = (),
) -> Dataset:
    """Return a Dataset of arrays, checked.

    Args:
        x: Features, `(n, features)`, or images `(n, height, width[, channels])`; uint8 images are
            divided by 255.
        y: Labels, `(n,)` integers or strings, or one-hot `(n, K)`; numbers for regression.
        name: What tables and messages call the data.
        x_test: Features of a fixed test part, or None.
        y_test: Its labels; give both or neither.
        note: What the reader should know about the source.
        task: `"classification"` or `"regression"`; None takes labels with fractions for a
            regression, all others for classes, and the note says so.
        columns: The column of each feature of a table. With them NaN means a missing cell, which
            the comparison imputes; without them it is refused.

    Raises:
        DataError: for lengths that differ, NaN, labels that do not fit the task, too few examples.

    Example:
        >>> from_arrays([[0.0], [1.0]] * 5, ["no", "yes"] * 5)
        Dataset(arrays: 10 × (1,), K=2)
        >>> from_arrays([[0.0], [1.0]] * 5, [0.1, 0.9] * 5)
        Dataset(arrays: 10 × (1,), regression)
    """
    if (x_test is None) != (y_test is None):
        raise DataError(f"{name}: a test part needs both features and labels; one is missing")
    label_values.check_task(task, name)
    given = [(x, y, name)] + ([] if x_test is None else [(x_test, y_test, f"{name}, test part")])
    parts, scaling = _parts(given, task, gaps=bool(columns))
    features, labels = [part[0] for part in parts], [part[1] for part in parts]
    chosen, assumed = (task, "") if task else label_values.infer_task(np.concatenate(labels))
    shape = np.shape(np.asarray(y))
    if len(shape) == 2 and shape[1] > 1:
        assumed = ""  # one-hot labels leave no doubt
    resolve = label_values.as_targets if chosen == "regression" else label_values.as_classes
    targets, test_targets, class_names = resolve(labels, name)
    return Dataset(
        x=features[0],
        y=targets,
        name=name,
        class_names=class_names,
        note="; ".join(filter(None, (note, assumed, scaling))),
        x_test=features[1] if len(features) > 1 else None,
        y_test=test_targets,
        columns=_checked(columns, features, name),
        task=chosen,
    )


def _parts(
    given: list[tuple[object, object, str]], task: str | None, gaps: bool
) -> tuple[list[tuple[Features, Array]], str]:
    """Return features and labels of the training and, if given, the test part, and a note."""
    parts: list[tuple[Features, Array]] = []
    notes = []
    for x, y, name in given:
        features, scaling = _features(x, name, gaps)
        labels = label_values.flat(y, name, task)
        if len(features) != len(labels):
            raise DataError(
                f"{name}: {len(features)} examples but {len(labels)} labels; give one for each"
            )
        parts.append((features, labels))
        notes.append(scaling)
    first, last = parts[0], parts[-1]
    name = given[0][2]
    if last[0].shape[1:] != first[0].shape[1:]:
        raise DataError(
            f"{name}: training examples have shape {first[0].shape[1:]}, test examples "
            f"{last[0].shape[1:]}; they must agree"
        )
    if notes[0] != notes[-1]:
        raise DataError(
            f"{name}: only one of the training and the test images has 8 bits; give both as uint8, "
            "or both as numbers on one scale"
        )
    if (first[1].dtype.kind == "U") != (last[1].dtype.kind == "U"):
        raise DataError(
            f"{name}: the labels of one of the training and the test part are names, those of the "
            "other numbers"
        )
    return parts, notes[0]


def _features(x: object, name: str, gaps: bool) -> tuple[Features, str]:
    """Return features as float32, and a note where they were scaled."""
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
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] > 4:
        raise DataError(
            f"{name}: images of shape {array.shape} have their channels first; move them to the "
            "end, as np.moveaxis(x, 1, -1) does"
        )
    scaling = ""
    if array.dtype == np.uint8 and array.ndim > 2:
        array, scaling = array / np.float32(255), "8-bit images divided by 255"
    array = array[..., None] if array.ndim == 3 else array
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype=np.float32)
    wrong = np.argwhere(np.isinf(array) if gaps else ~np.isfinite(array))
    if len(wrong):
        raise DataError(
            f"{name}: {len(wrong)} feature values are NaN or infinite, the first in example "
            f"{wrong[0][0]}; remove or impute them first"
        )
    return array, scaling


def _checked(columns: Sequence[Column], features: list[Features], name: str) -> tuple[Column, ...]:
    """Return the columns, each with whether any of its cells is missing."""
    if not columns:
        return ()
    if features[0].shape[1:] != (len(columns),):
        raise DataError(
            f"{name}: {len(columns)} columns describe features of shape {features[0].shape[1:]}; "
            "give one for each feature of a table, or none"
        )
    checked = []
    for index, column in enumerate(columns):
        cells = np.concatenate([part[:, index] for part in features])
        gaps = np.isnan(cells)
        known = range(len(column.categories or ()))
        if column.categories is not None and not np.isin(cells[~gaps], known).all():
            raise DataError(
                f"{name}: column {column.name!r} must hold the codes 0 to {len(known) - 1} of its "
                "categories, or NaN"
            )
        checked.append(dataclasses.replace(column, missing=bool(gaps.any())))
    return tuple(checked)
