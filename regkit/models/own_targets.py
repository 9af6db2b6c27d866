"""Data whose targets are its inputs, in the forms that `fit` takes."""

from __future__ import annotations

from typing import Any

import keras

from regkit.core.errors import AttachError

__all__ = ["with_own_targets"]


class _OwnTargets(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """Batches of another dataset, with their inputs as targets."""

    def __init__(self, data: Any) -> None:
        super().__init__(
            workers=data.workers,
            use_multiprocessing=data.use_multiprocessing,
            max_queue_size=data.max_queue_size,
        )
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        x = _inputs(self._data[index])
        return x, x

    def on_epoch_begin(self) -> None:
        """Hand the event on."""
        self._data.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Hand the event on."""
        self._data.on_epoch_end()


def _inputs(batch: Any) -> Any:
    """Return the inputs of a batch: all of it, or its first part."""
    return batch[0] if isinstance(batch, tuple | list) else batch


def with_own_targets(data: Any) -> tuple[Any, Any]:
    """Return inputs and targets for `fit`: arrays twice, or a dataset of pairs and None.

    Args:
        data: An array or a nest of arrays; a tf.data.Dataset or a PyDataset of inputs, or of
            inputs and what is left aside.

    Raises:
        AttachError: for a generator or a PyTorch DataLoader, which is to give pairs itself.

    Example:
        >>> import numpy as np
        >>> x, y = with_own_targets(np.ones((2, 3)))
        >>> x is y
        True
    """
    if isinstance(data, keras.utils.PyDataset):
        return _OwnTargets(data), None
    kind = type(data).__module__
    if kind.startswith("tensorflow.python.data"):
        return data.map(_tensorflow_pair), None
    if hasattr(data, "__next__") or kind.startswith("torch.utils.data"):
        raise AttachError(
            f"an autoencoder learns to return its inputs, and of a {type(data).__name__} they "
            "cannot be had twice; give arrays, a tf.data.Dataset or a keras.utils.PyDataset"
        )
    return data, data


def _tensorflow_pair(*batch: Any) -> tuple[Any, Any]:
    return batch[0], batch[0]
