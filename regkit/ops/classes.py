"""Class numbers as probabilities; numbers outside of the classes fail as in the backend's loss."""

from __future__ import annotations

import keras
from keras import ops

from regkit.types import Tensor

__all__ = ["one_hot"]


def _checked(y: Tensor, classes: int, dtype: str) -> Tensor:
    return ops.one_hot(y, classes, axis=-1, dtype=dtype)


if keras.backend.backend() == "tensorflow":
    from regkit.ops.backends.tensorflow import checked_one_hot as _checked
elif keras.backend.backend() == "torch":
    from regkit.ops.backends.torch import checked_one_hot as _checked


def one_hot(y: Tensor, classes: int, axis: int = -1) -> Tensor:
    """Return probabilities of 0 and 1 along a new axis, in Keras' `floatx`.

    A number outside of 0 … classes − 1 is what it is to the backend's sparse crossentropy: an error
    on PyTorch and TensorFlow (NaN where XLA compiles), a row of zeros on JAX.

    Args:
        y: int32 class numbers.
        classes: The number of classes, K.
        axis: The position of the new axis, of length K.

    Example:
        >>> one_hot(ops.array([1, 0]), 2).shape == (2, 2)
        True
    """
    hot = _checked(y, classes, keras.config.floatx())
    return hot if axis in (-1, len(y.shape)) else ops.moveaxis(hot, -1, axis)
