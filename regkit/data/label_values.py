"""Array in any form: the task that they mean, and the numbers that training takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regkit.core.errors import suggest
from regkit.core.words import counted
from regkit.data.dataset import TASKS, DataError
from regkit.types import Array

__all__ = ["as_classes", "as_targets", "check_task", "flat", "infer_task"]

MANY_CLASSES = 20  # with more, whole numbers may well be quantities
SMALLEST_CLASS = 5  # fewer examples cannot be split into training, validation and test
QUANTITY = 'if the labels are quantities, use task="regression" (--task regression)'


def check_task(task: str | None, name: str) -> None:
    """Refuse anything but a task or None.

    Raises:
        DataError: naming the tasks.
    """
    if task is not None and task not in TASKS:
        near = suggest(str(task), TASKS)
        raise DataError(f"{name}: task must be {' or '.join(TASKS)}; received {task!r}{near}")


def flat(y: object, name: str, task: str | None = None) -> Array:
    """Return labels as `(n,)`: integers, finite numbers or names.

    Raises:
        DataError: for several targets, missing labels, and what is neither number nor name.

    Example:
        >>> flat([[0, 1], [1, 0]], "one-hot")
        array([1, 0])
    """
    labels = np.asarray(y)
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels.ravel()):
        labels = labels.astype(str)  # pandas gives names as objects
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and task != "regression" and _is_one_hot(labels):
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise DataError(
            f"{name}: labels must be (n,) or one-hot (n, K); received {labels.shape}. Several "
            "targets cannot be compared at once; give one column of them"
        )
    if labels.dtype.kind not in "buifU":
        raise DataError(f"{name}: labels must be numbers or names; received {labels.dtype}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        first = int(np.argmin(np.isfinite(labels)))
        raise DataError(f"{name}: the label of example {first} is {labels[first]}; remove it")
    return labels.astype(np.int64) if labels.dtype.kind in "bu" else labels


def _is_one_hot(labels: Array) -> bool:
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())


def _is_whole(labels: Array) -> bool:
    """Return whether labels are floats that int64 holds exactly."""
    if labels.dtype.kind != "f":
        return False
    return bool(((labels == np.round(labels)) & (np.abs(labels) < 2**53)).all())


def infer_task(labels: Array) -> tuple[str, str]:
    """Return the task that labels suggest, and a note: numbers with fractions are a regression.

    Example:
        >>> infer_task(np.array([0.5, 1.5]))[0], infer_task(np.array([0, 1]))[0]
        ('regression', 'classification')
    """
    if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
        return "regression", (
            'labels with fractions are taken for a regression (task="classification": for classes)'
        )
    many = labels.dtype.kind in "if" and len(np.unique(labels)) > MANY_CLASSES
    note = 'whole numbers as labels are taken for classes (task="regression": for quantities)'
    return "classification", note if many else ""


def as_targets(
    labels: list[Array], name: str
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, tuple[str, ...]]:
    """Return the targets of a regression, those of a fixed test part or None, and no class names.

    Args:
        labels: What `flat` returns, of the training part and, where there is one, the test part.
        name: What messages call the data.

    Raises:
        DataError: for names, numbers too large for float32, too few examples, all the same.

    Example:
        >>> as_targets([np.array([1.0, 2.0, 4.0, 8.0, 9.0])], "lengths")[0]
        array([1., 2., 4., 8., 9.], dtype=float32)
    """
    targets = [_float32(part, name) for part in labels]
    if len(targets[0]) < SMALLEST_CLASS:
        raise DataError(
            f"{name}: {counted(len(targets[0]), 'example')}, too few to split into training, "
            f"validation and test; at least {SMALLEST_CLASS} are needed"
        )
    if (targets[0] == targets[0][0]).all():
        raise DataError(f"{name}: all labels are {targets[0][0]:g}; there is nothing to predict")
    return targets[0], targets[1] if len(targets) > 1 else None, ()


def _float32(labels: Array, name: str) -> NDArray[np.float32]:
    if labels.dtype.kind == "U":
        raise DataError(
            f"{name}: a regression needs numbers as labels; found {labels[0]!s}. Choose another "
            'target column, or task="classification" (--task classification)'
        )
    with np.errstate(over="ignore"):
        targets = labels.astype(np.float32)
    if not np.isfinite(targets).all():
        raise DataError(f"{name}: labels go up to {np.abs(labels).max():g}, too large for float32")
    return targets


def as_classes(
    labels: list[Array], name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, tuple[str, ...]]:
    """Return the labels as 0..K-1, those of a fixed test part or None, and the K names.

    Args:
        labels: What `flat` returns, of the training part and, where there is one, the test part.
        name: What messages call the data.

    Raises:
        DataError: for classes too small to split, and test labels without training examples.

    Example:
        >>> as_classes([np.array(["no", "yes"] * 5)], "answers")[2]
        ('no', 'yes')
    """
    labels = [part.astype(np.int64) if _is_whole(part) else part for part in labels]
    classes, codes, counts = np.unique(labels[0], return_inverse=True, return_counts=True)
    _require_enough(classes, counts, name)
    test_codes = None
    if len(labels) > 1:
        unseen = sorted(set(labels[1].tolist()) - set(classes.tolist()))
        if unseen:
            raise DataError(f"{name}: the test part has labels without training examples: {unseen}")
        test_codes = np.searchsorted(classes, labels[1]).astype(np.int64)
    return codes.astype(np.int64), test_codes, tuple(str(label) for label in classes.tolist())


def _require_enough(classes: Array, counts: NDArray[np.int64], name: str) -> None:
    if len(classes) < 2:
        raise DataError(f"{name}: all labels are {classes[0]!s}; at least two classes are needed")
    few = np.flatnonzero(counts < SMALLEST_CLASS)
    if len(few):
        first = str(classes[few[0]])
        raise DataError(
            f"{name}: class {first!r} has {counted(counts[few[0]], 'example')} ({len(few)} of "
            f"{len(classes)} classes {'has' if len(few) == 1 else 'have'} fewer than "
            f"{SMALLEST_CLASS}), too few to split into training, "
            "validation and test. Merge or drop them, or choose another target column"
            + (f"; {QUANTITY}" if classes.dtype.kind in "if" else "")
        )
