"""Validation data given to `EarlyStopping` itself: checked, and kept where it can be read once."""

# Helper module: it has no technique.

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import keras

from regkit.core.errors import OptionError
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
    """The validation data given to `EarlyStopping`, or None.

    Args:
        data: As `regkit.core.options.examples.Data` checked it.
        every: "epoch" or a number of steps.
        batch_size: The number of examples a batch, for arrays.
        steps: The number of batches; None for all.

    Raises:
        OptionError: where the options do not fit the data or each other.
    """

    def __init__(self, data: object, every: str | int, batch_size: int | None, steps: int | None):
        self._data: Any = data
        self._batch_size, self._steps = batch_size, steps
        if data is None and every != "epoch":
            raise OptionError(
                f"EarlyStopping: every={every} counts training steps and evaluates inside the "
                "epoch, where Keras does not give callbacks the validation data of fit. Give "
                f"EarlyStopping(every={every}, validation_data=(x, y)); received "
                "validation_data=None"
            )
        for name, value in {"validation_batch_size": batch_size, "validation_steps": steps}.items():
            if data is None and value is not None:
                raise OptionError(
                    f"EarlyStopping: {name} belongs to validation_data, which is None; for its own "
                    f"validation data, fit has an argument {name}. Received {name}={value}"
                )
        if not isinstance(data, tuple) and batch_size is not None:
            raise OptionError(
                "EarlyStopping: validation_batch_size must be None where validation_data comes in "
                f"batches; received validation_batch_size={batch_size}"
            )
        if isinstance(data, Iterator) and steps is None:
            raise OptionError(
                "EarlyStopping: validation_steps must say how many batches to keep of a generator, "
                "which can be read only once; received validation_steps=None"
            )

    @property
    def given(self) -> bool:
        """Whether there is any data."""
        return self._data is not None

    def logs(self, model: keras.Model) -> dict[str, Any]:
        """Return the loss and metrics on the data, `val_` before their names; none without data."""
        if self._data is None:
            return {}
        if isinstance(self._data, Iterator):
            assert self._steps is not None
            self._data, self._steps = KeptBatches(self._data, self._steps), None
        results = evaluate(model, self._data, self._batch_size, self._steps)
        return {f"val_{name}": value for name, value in results.items()}
