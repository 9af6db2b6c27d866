"""The examples of each repeat: what every arm trains on, chooses its epoch by, and is tested on.

They are a pure function of the root seed and the repeat, so that no arm can see other examples
than the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.seeds import Repeat
from regkit.data.corruption import redraw_labels
from regkit.data.dataset import DataError, Dataset
from regkit.data.preprocessing import prepared

__all__ = ["Parts", "parts", "standardized", "take"]

Indices = NDArray[np.int64]
Labels = NDArray[np.int64] | NDArray[np.float32]


@dataclass(frozen=True)
class Parts:
    """The examples of one repeat, as every arm gets them.

    Attributes:
        x_train: What is trained on.
        y_train: Its clean labels: int64 classes, or float32 targets in their own units.
        y_noisy: What training sees: some classes redrawn; for regression the standardized
            targets, `(y_train - target_mean) / target_scale`.
        x_val: What chooses the epoch.
        y_val: Its clean labels.
        x_test: What is tested on.
        y_test: Its clean labels.
        target_mean: The mean of the training targets; 0 for classes.
        target_scale: Their deviation; 1 for classes. A model's output in the target's own units
            is `output * target_scale + target_mean`.
        task: `"classification"` or `"regression"`.
    """

    x_train: NDArray[np.float32]
    y_train: Labels
    y_noisy: Labels
    x_val: NDArray[np.float32]
    y_val: Labels
    x_test: NDArray[np.float32]
    y_test: Labels
    target_mean: float = 0.0
    target_scale: float = 1.0
    task: str = "classification"


def parts(
    data: Dataset,
    repeat: Repeat,
    *,
    root: int,
    test_size: float,
    validation_size: float,
    label_noise: float = 0.0,
    train_size: int | None = None,
) -> Parts:
    """Return the examples of a repeat, stratified by class; for a regression drawn at random.

    The split depends on `root` and the number of the split alone; the redrawn labels on the
    repeat. Without a fixed test part in the data, `test_size` of all examples are tested on;
    `validation_size` of the rest validate; the others are trained on, or `train_size` of them.
    A table is imputed, scaled and one-hot encoded by what is trained on (`prepared`); images are
    left as they are.

    Raises:
        DataError: where a class, or the data, is too small to be in every part; where there are
            not `train_size` examples to train on; for label noise without classes.
    """
    if label_noise and data.n_classes is None:
        raise DataError(
            f"label_noise={label_noise} redraws classes, and {data.name} is data for regression; "
            "leave it at 0"
        )
    random = np.random.default_rng(np.random.SeedSequence(root, spawn_key=(0, repeat.split)))
    # Strata: examples of one class; a regression has a single stratum.
    strata = np.asarray(data.y * 0 if data.n_classes is None else data.y, np.int64)
    train, val, test = _split(data, strata, random, test_size, validation_size)
    if train_size is not None:
        train = _limited(train, strata, train_size, random)
    x_test, y_test = data.x[test], data.y[test]
    if data.x_test is not None and data.y_test is not None:
        x_test, y_test = data.x_test, data.y_test
    x_train, x_val, y_train, y_val = data.x[train], data.x[val], data.y[train], data.y[val]
    if data.image_shape is None:
        x_train, x_val, x_test = prepared(data.columns, x_train, x_val, x_test)
    noisy: Labels
    if data.n_classes is None:
        noisy, mean, scale = standardized(y_train)
    else:
        mean, scale = 0.0, 1.0
        noisy = redraw_labels(strata[train], label_noise, data.n_classes, repeat.noise_seed)
    return Parts(x_train, y_train, noisy, x_val, y_val, x_test, y_test, mean, scale, data.task)


def _split(
    data: Dataset,
    strata: Indices,
    random: np.random.Generator,
    test_size: float,
    validation_size: float,
) -> tuple[Indices, Indices, Indices]:
    """Return which examples train, validate and test; none of them test where others are fixed."""
    pool, test = np.arange(len(data.y)), np.arange(0)
    if data.x_test is None:
        pool, test = take(pool, strata, test_size, random, "test")
    train, val = take(pool, strata, validation_size, random, "validation")
    return train, val, test


def take(
    pool: Indices, strata: Indices, fraction: float, random: np.random.Generator, what: str
) -> tuple[Indices, Indices]:
    """Return (rest, taken): the same fraction of every stratum, at least one example of each.

    Args:
        pool: The examples to divide, as their numbers.
        strata: The stratum of every example, in the pool or not.
        fraction: What to take of each.
        random: Draws them.
        what: What they are taken for: messages name the option `{what}_size`.

    Raises:
        DataError: where that would leave nothing of a stratum.
    """
    rest, taken = [], []
    several = len(np.unique(strata)) > 1
    for label in np.unique(strata[pool]):
        members = random.permutation(pool[strata[pool] == label])
        count = max(1, round(fraction * len(members)))
        if count >= len(members):
            of = f"class {label}, which has {len(members)}" if several else f"{len(members)}"
            raise DataError(
                f"{what}_size={fraction} leaves no training example of {of}; take a smaller "
                f"{what}_size"
            )
        taken.append(members[:count])
        rest.append(members[count:])
    return np.sort(np.concatenate(rest)), np.sort(np.concatenate(taken))


def _limited(train: Indices, strata: Indices, size: int, random: np.random.Generator) -> Indices:
    """Return so many of the training examples, of every stratum the same fraction."""
    labels, counts = np.unique(strata[train], return_counts=True)
    if not len(labels) <= size <= len(train):
        several = f", of {len(labels)} classes" if len(labels) > 1 else ""
        raise DataError(
            f"train_size={size} cannot be: validation and test leave {len(train)} examples to "
            f"train on{several}; give {len(labels)} to {len(train)}"
        )
    chosen = [
        random.permutation(train[strata[train] == label])[:share]
        for label, share in zip(labels, _shares(counts, size), strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def _shares(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return how many of each stratum make `size`, in proportion, and at least one of each."""
    exact = counts * (size / counts.sum())
    shares: NDArray[np.int64] = np.maximum(np.floor(exact).astype(np.int64), 1)
    while shares.sum() < size:
        shares[np.argmax(np.where(shares < counts, exact - shares, -np.inf))] += 1
    while shares.sum() > size:
        shares[np.argmin(np.where(shares > 1, exact - shares, np.inf))] -= 1
    return shares


def standardized(targets: Labels) -> tuple[NDArray[np.float32], float, float]:
    """Return (targets − mean) / deviation, the mean and the deviation; 1 where that is 0."""
    exact = targets.astype(np.float64)
    mean, scale = float(exact.mean()), float(exact.std()) if np.ptp(exact) else 1.0
    return ((exact - mean) / scale).astype(np.float32), mean, scale
