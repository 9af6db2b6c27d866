"""Validation data given to a technique itself, kept where it can be read once only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import keras

from regkit.core.seam.evaluation import evaluate

__all__ = ["KeptBatches", "OwnData"]


class KeptBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """The first batches of a generator, so that every evaluation sees the same.

    Args:
        batches: The generator.
        count: How many of its batches are kept; fewer where it ends earlier.
    """

    def __init__(self, batches: Iterator[Any], count: int) -> None:
        super().__init__()
        self._batches = list(itertools.islice(batches, count))

    @property
    def num_batches(self) -> int:
        """The number of batches."""
        return len(self._batches)

    def __getitem__(self, index: int) -> Any:
        return self._batches[index]


class OwnData:
    """Validation data that a technique has been given itself.

    Args:
        data: As `regkit.core.options.examples.Data` checked it.
        batch_size: The number of examples a batch, for arrays.
        steps: The number of batches; None for all. An iterator needs a number: so many are kept.
    """

    def __init__(self, data: object, batch_size: int | None = None, steps: int | None = None):
        self._data: Any = data
        self._steps = steps
        self.batch_size = batch_size

    @property
    def data(self) -> Any:
        """The data in a form that can be read many times."""
        if isinstance(self._data, Iterator):
            assert self._steps is not None
            self._data, self._steps = KeptBatches(self._data, self._steps), None
        return self._data

    @property
    def steps(self) -> int | None:
        """How many batches of `data` to use; None for all."""
        return None if isinstance(self.data, KeptBatches) else self._steps

    def logs(self, model: keras.Model) -> dict[str, Any]:
        """Return the loss and metrics of a model on the data, with `val_` before their names."""
        results = evaluate(model, self.data, self.batch_size, self.steps)
        return {f"val_{name}": value for name, value in results.items()}
