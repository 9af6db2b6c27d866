"""Labelled images to audit with: those that are changed, and the real ones beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regkit.data import DataError, from_arrays, load
from regkit.types import Array

__all__ = ["Examples", "examples_of"]

_FEWEST = 10  # of a class, or how near its images are to each other cannot be told
_MOST_REAL = 6000


@dataclass(frozen=True)
class Examples:
    """Labelled images.

    Attributes:
        x: (examples, height, width, channels).
        y: Their classes.
        class_names: Of the classes.
        name: Of the data.
        checked: The numbers of those that are changed and judged.
    """

    x: Array
    y: Array
    class_names: tuple[str, ...]
    name: str
    checked: Array


def examples_of(data: object, n_examples: int, seed: int) -> Examples:
    """Return images with classes, at most 6,000, of which some are checked, all classes alike.

    Args:
        data: What `regkit.data.load` takes, or (x, y) of arrays.
        n_examples: How many are checked.
        seed: Of the choice.

    Raises:
        DataError: for what is no images with classes, or has too few of a class.
    """
    dataset = from_arrays(*data) if isinstance(data, tuple) else load(data)
    if dataset.image_shape is None or dataset.n_classes is None:
        raise DataError(
            f"{dataset.name}: an audit looks at images with classes. Name images: digits, mnist, "
            "fashion_mnist, cifar10, a folder of images by class, or give arrays (x, y), x of "
            "(examples, height, width, channels)"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(dataset.y))[:_MOST_REAL]
    x, y = dataset.x[order], dataset.y[order].astype(np.int64)
    counts = np.bincount(y, minlength=dataset.n_classes)
    if counts.min() < _FEWEST:
        few = dataset.class_names[int(counts.argmin())]
        raise DataError(
            f"{dataset.name}: class {few!r} has {counts.min()} examples; an audit needs at least "
            f"{_FEWEST} of each class"
        )
    rank = np.empty(len(y), np.int64)  # the first of each class, then the second, and so on
    for label in range(dataset.n_classes):
        rank[y == label] = np.arange(counts[label])
    checked = np.argsort(rank, kind="stable")[:n_examples]
    return Examples(x, y, dataset.class_names, dataset.name, checked)
