"""`keras.utils.PyDataset`, augmented batch by batch in whatever threads read it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from regkit.augmenting.transform import Transform
from regkit.core.errors import AttachError

__all__ = ["AugmentedPyDataset"]

_LARGEST = 2**12  # examples in a batch: the number of an example is 2^12 times its batch's, and on


class AugmentedPyDataset(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """Batches of another dataset, augmented anew in each epoch.

    Args:
        data: The other one.
        transform: What changes its batches.
        epoch: The number of the first epoch.

    Raises:
        AttachError: for one that reads in several processes.
    """

    def __init__(self, data: Any, transform: Transform, epoch: int) -> None:
        if data.use_multiprocessing:
            raise AttachError(
                "augment computes with Keras, which does not run in forked processes. Make the "
                "dataset with use_multiprocessing=False; several workers are threads then"
            )
        super().__init__(workers=data.workers, max_queue_size=data.max_queue_size)
        self._data, self._transform, self._epoch = data, transform, epoch

    def __len__(self) -> int:
        return len(self._data)

    @property
    def num_batches(self) -> int | None:
        """The number of batches, None for ever."""
        count: int | None = self._data.num_batches
        return count

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        given = self._data[index]
        batch = tuple(given) if isinstance(given, tuple | list) else (given,)
        size = len(next(leaf for leaf in keras.tree.flatten(batch) if leaf is not None))
        if size > _LARGEST:
            raise AttachError(
                f"augment takes batches of up to {_LARGEST:,} examples; this one has {size:,}"
            )
        # Of each example a number of its own, wherever and in whatever order batches are read.
        numbers = index * _LARGEST + np.arange(size)
        return self._transform(batch, numbers, self._epoch)

    def on_epoch_begin(self) -> None:
        """Hand the event on."""
        self._data.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Hand the event on; the next epoch draws anew."""
        self._epoch += 1
        self._data.on_epoch_end()
