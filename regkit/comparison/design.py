"""The design of a comparison: which examples, seeds and order every arm gets, the same for all.

Everything here is a pure function of one root seed, so that a repeat can be run again alone, and
so that no arm can see other examples, another initialization or another order than the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regkit.data.corruption import redraw_labels
from regkit.data.dataset import DataError, Dataset

__all__ = ["Parts", "Repeat", "arm_order", "parts", "repeats"]

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Repeat:
    """One split with one seed; every arm is fitted once in it.

    Attributes:
        split: The number of the split into training, validation and test.
        seed: The number of the seed within the split.
        init_seed: Seeds initialization and whatever a model or technique draws.
        order_seed: Seeds the order of the training examples.
        noise_seed: Seeds which labels are redrawn.
        turn_seed: Seeds the order in which the arms take their turn.
    """

    split: int
    seed: int
    init_seed: int
    order_seed: int
    noise_seed: int
    turn_seed: int


@dataclass(frozen=True)
class Parts:
    """The examples of one repeat: `y_noisy` is what training sees, `y_train` the clean labels."""

    x_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    y_noisy: NDArray[np.int64]
    x_val: NDArray[np.float32]
    y_val: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]


def repeats(splits: int, seeds: int, root: int) -> list[Repeat]:
    """Return the repeats, split by split, with seeds spawned from one root.

    Example:
        >>> [(one.split, one.seed) for one in repeats(2, 2, root=0)]
        [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return [
        Repeat(split, seed, *_integers(root, 1, split, seed))
        for split in range(splits)
        for seed in range(seeds)
    ]


def _integers(root: int, *key: int) -> list[int]:
    state = np.random.SeedSequence(root, spawn_key=key).generate_state(4)
    return [int(word) >> 1 for word in state]  # Keras takes 31 bits


def arm_order(repeat: Repeat, n_arms: int) -> list[int]:
    """Return the order in which the arms run in a repeat; 0 is the baseline.

    Drawn anew for each repeat: a machine that warms up or slows down favours no arm.
    """
    return [int(arm) for arm in np.random.default_rng(repeat.turn_seed).permutation(n_arms)]


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
    """Return the examples of a repeat, stratified by class.

    The split depends on `root` and the number of the split alone; the redrawn labels on the
    repeat. Without a fixed test part in the data, `test_size` of all examples are tested on;
    `validation_size` of the rest validate. A table of features is scaled to zero mean and unit
    variance by its training examples; images are left as they are.

    Raises:
        DataError: where a class is too small to be in every part.
    """
    random = np.random.default_rng(np.random.SeedSequence(root, spawn_key=(0, repeat.split)))
    pool = np.arange(len(data.y))
    if data.x_test is None or data.y_test is None:
        pool, test = _take(pool, data.y, test_size, random, "test")
        x_test, y_test = data.x[test], data.y[test]
    else:
        x_test, y_test = data.x_test, data.y_test
    train, val = _take(pool, data.y, validation_size, random, "validation")
    if train_size is not None:
        train = random.permutation(train)[:train_size]
    x_train, x_val = data.x[train], data.x[val]
    if data.image_shape is None:
        x_train, x_val, x_test = _standardized(x_train, x_val, x_test)
    y_train = data.y[train]
    noisy = redraw_labels(y_train, label_noise, data.n_classes, repeat.noise_seed)
    return Parts(x_train, y_train, noisy, x_val, data.y[val], x_test, y_test)


def _take(
    pool: Indices, y: Indices, fraction: float, random: np.random.Generator, what: str
) -> tuple[Indices, Indices]:
    """Return (rest, taken): the same fraction of every class, at least one example of each."""
    rest, taken = [], []
    for label in np.unique(y[pool]):
        members = random.permutation(pool[y[pool] == label])
        count = max(1, round(fraction * len(members)))
        if count >= len(members):
            raise DataError(
                f"{what}_size={fraction} leaves no training example of class {label}, which has "
                f"{len(members)}; take a smaller {what}_size"
            )
        taken.append(members[:count])
        rest.append(members[count:])
    return np.sort(np.concatenate(rest)), np.sort(np.concatenate(taken))


def _standardized(
    train: NDArray[np.float32], *others: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)  # a constant feature becomes 0
    return [((one - mean) / scale).astype(np.float32) for one in (train, *others)]
