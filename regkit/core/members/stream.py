"""The batches of one member's fit, where members are trained in turn."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.core.members.order import epoch_order
from regkit.types import Array, Nest

__all__ = ["MemberBatches"]


class MemberBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """The batches of all epochs in a row, in which batch i is a pure function of (seed, i).

    One iterator serves all epochs: to start one costs more than a small epoch.

    Args:
        parts: Inputs, targets and perhaps weights of all examples.
        examples: The numbers of the member's own.
        batch_size: The number of examples in a batch; the last of an epoch has what is left.
        epochs: The number of epochs.
        seed: Of the order.
        shuffle: Whether each epoch has an order of its own.
    """

    def __init__(
        self,
        parts: tuple[Nest, ...],
        examples: Array,
        batch_size: int,
        epochs: int,
        seed: int,
        shuffle: bool,
    ) -> None:
        super().__init__()
        self._parts, self._examples, self._batch_size = parts, examples, batch_size
        self._epochs, self._seed, self._shuffle = epochs, seed, shuffle
        self.steps = math.ceil(len(examples) / batch_size)
        self._epoch, self._order = -1, np.empty(0, np.int64)

    @property
    def num_batches(self) -> int:
        """The number of batches of all epochs."""
        return self._epochs * self.steps

    def rows(self, index: int) -> NDArray[Any]:
        """Return which examples batch `index` holds."""
        epoch, step = divmod(index, self.steps)
        if epoch != self._epoch:
            places = epoch_order(self._seed, epoch, len(self._examples), self._shuffle)
            self._epoch, self._order = epoch, self._examples[places]
        return self._order[step * self._batch_size : (step + 1) * self._batch_size]

    def __getitem__(self, index: int) -> Any:
        rows = self.rows(index)
        return keras.tree.map_structure(lambda array: array[rows], self._parts)
