"""The batches of one fit in an order that is a pure function of a seed."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.core.members.order import epoch_order
from regkit.types import Array, Nest

__all__ = ["OrderedBatches"]


class OrderedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """The batches of all epochs in a row, in which batch i is a pure function of (seed, i).

    The order therefore cannot differ between fits of one seed, whatever a technique draws; and one
    iterator serves all epochs, as starting an iterator costs more than a small epoch.

    Args:
        parts: Inputs, targets and perhaps weights of all examples.
        batch_size: The number of examples in a batch.
        epochs: The number of epochs.
        seed: Of the order.
        examples: The numbers of the examples to use; None for all.
        shuffle: Whether each epoch has an order of its own.
        rest: Whether an epoch ends with a smaller batch of what is left. Without it batches have
            one size, which compiles once, and an epoch leaves a few examples out.
    """

    def __init__(
        self,
        parts: tuple[Nest | Array, ...],
        batch_size: int,
        epochs: int,
        seed: int,
        *,
        examples: Array | None = None,
        shuffle: bool = True,
        rest: bool = True,
    ) -> None:
        super().__init__()
        count = len(keras.tree.flatten(parts)[0])
        self._parts, self.epochs = parts, epochs
        self._examples = np.arange(count) if examples is None else examples
        self.batch_size = min(batch_size, len(self._examples))
        batches = len(self._examples) / self.batch_size
        self.steps = math.ceil(batches) if rest else math.floor(batches)
        self._seed, self._shuffle = seed, shuffle
        self._epoch, self._order = -1, np.empty(0, np.int64)

    @property
    def num_batches(self) -> int:
        """The number of batches of all epochs."""
        return self.epochs * self.steps

    def rows(self, index: int) -> NDArray[Any]:
        """Return which examples batch `index` holds."""
        epoch, step = divmod(index, self.steps)
        if epoch != self._epoch:
            places = epoch_order(self._seed, epoch, len(self._examples), self._shuffle)
            self._epoch, self._order = epoch, self._examples[places]
        return self._order[step * self.batch_size : (step + 1) * self.batch_size]

    def __getitem__(self, index: int) -> Any:
        rows = self.rows(index)
        return keras.tree.map_structure(lambda array: array[rows], self._parts)

    def stream(self) -> Any:
        """Return the batches in the form that the backend reads fastest."""
        if keras.backend.backend() != "tensorflow":
            return self
        # TensorFlow runs a Python generator, and tunes a pipeline, in threads of their own, which
        # now and then take half a second to stop; a whole fit takes one.
        from regkit.ops.backends.tensorflow import gathered

        return gathered(self._parts, [self.rows(index) for index in range(self.num_batches)])
