"""What each draw of examples trains on and is measured on: splits, and bootstrap replicates.

All is a pure function of the data and the root seed, so that every strength of a draw sees the same
examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.parts import standardized, take
from regkit.data.dataset import Dataset
from regkit.data.preprocessing import prepared
from regkit.types import Array

__all__ = ["Draw", "bootstrap_replicates", "pooled", "splits"]

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw of examples, as every strength gets it.

    Attributes:
        x: Inputs to train on; draws may share them.
        y: Targets to train on: classes, or standardized values.
        examples: The places in them that are trained on.
        x_held_out: Inputs that are not.
        y_held_out: Their classes, or values in their own unit.
        target_mean: The mean of the training targets; 0 for classes.
        target_scale: Their deviation; 1 for classes. A model's output in the target's own unit is
            `output * target_scale + target_mean`.
    """

    x: Array
    y: Array
    examples: Indices
    x_held_out: Array
    y_held_out: Array
    target_mean: float = 0.0
    target_scale: float = 1.0

    @property
    def x_train(self) -> Array:
        """The inputs that are trained on."""
        return self.x[self.examples]

    @property
    def y_train(self) -> Array:
        """Their classes, or values in their own unit."""
        y = self.y[self.examples]
        return y if y.dtype.kind in "iu" else y * self.target_scale + self.target_mean


def splits(data: Dataset, count: int, root: int, validation_size: float) -> list[Draw]:
    """Return random splits into a training and a validation part, stratified by class.

    A test part that the data has is left alone.

    Raises:
        DataError: where a class, or the data, is too small for both parts.

    Example:
        >>> from regkit.data import from_arrays
        >>> data = from_arrays([[0.0], [1.0], [2.0], [3.0]] * 5, ["no", "yes"] * 10)
        >>> [(len(draw.examples), len(draw.y_held_out)) for draw in splits(data, 2, 0, 0.2)]
        [(16, 4), (16, 4)]
    """
    return [
        _split_draw(data, *_divided(data, root, number, validation_size, "validation"))
        for number in range(count)
    ]


def bootstrap_replicates(data: Dataset, count: int, root: int, test_size: float) -> list[Draw]:
    """Return bootstrap samples of one training part, all tested on one test part.

    A sample has as many examples as the training part, drawn from it with replacement. The test
    part is the data's own, where it has one.

    Raises:
        DataError: where a class, or the data, is too small for both parts.

    Example:
        >>> from regkit.data import from_arrays
        >>> data = from_arrays([[0.0], [1.0], [2.0], [3.0]] * 5, ["no", "yes"] * 10)
        >>> draws = bootstrap_replicates(data, 2, 0, 0.2)
        >>> [(len(draw.examples), len(draw.y_held_out)) for draw in draws]
        [(16, 4), (16, 4)]
    """
    if data.x_test is not None and data.y_test is not None:
        whole = _prepared(data, np.arange(len(data.y)), data.x_test, data.y_test)
    else:
        train, test = _divided(data, root, 0, test_size, "test")
        whole = _prepared(data, train, data.x[test], data.y[test])
    size = len(whole.y)
    return [
        replace(whole, examples=_random(root, 2, number).integers(0, size, size))
        for number in range(count)
    ]


def pooled(draws: Sequence[Draw]) -> tuple[Array, Array, list[Indices]]:
    """Return inputs and targets that hold those of all draws, and the places of each.

    Inputs that draws share are there once.
    """
    x: dict[int, Array] = {}
    y: dict[int, Array] = {}
    starts: dict[int, int] = {}
    for draw in draws:
        key = id(draw.x)
        if key not in x:
            starts[key] = sum(map(len, x.values()))
            x[key], y[key] = draw.x, draw.y
    places = [starts[id(draw.x)] + draw.examples for draw in draws]
    if len(x) == 1:
        return draws[0].x, draws[0].y, places
    return np.concatenate(list(x.values())), np.concatenate(list(y.values())), places


def _random(root: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(root, spawn_key=key))


def _divided(
    data: Dataset, root: int, number: int, fraction: float, what: str
) -> tuple[Indices, Indices]:
    """Return (rest, held out): of every class the same fraction."""
    strata = np.asarray(data.y * 0 if data.n_classes is None else data.y, np.int64)
    return take(np.arange(len(data.y)), strata, fraction, _random(root, 0, number), what)


def _split_draw(data: Dataset, train: Indices, held_out: Indices) -> Draw:
    if data.image_shape is not None and data.n_classes is not None:
        # Nothing is learnt from the training part: all splits share the images, which are large.
        return Draw(data.x, data.y, train, data.x[held_out], data.y[held_out])
    return _prepared(data, train, data.x[held_out], data.y[held_out])


def _prepared(data: Dataset, train: Indices, x_held_out: Array, y_held_out: Array) -> Draw:
    """Return a draw that trains on all of its inputs; what is scaled, is so by these."""
    x, y = data.x[train], data.y[train]
    if data.image_shape is None:
        x, x_held_out = prepared(data.columns, x, x_held_out)
    everything = np.arange(len(y))
    if data.n_classes is not None:
        return Draw(x, y, everything, x_held_out, y_held_out)
    scaled, mean, scale = standardized(y)
    return Draw(x, scaled, everything, x_held_out, y_held_out, mean, scale)
