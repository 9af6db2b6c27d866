"""A NumPy function of images inside of a compiled step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import keras
from keras import ops

from regkit.types import Array, Size, Tensor

__all__ = ["on_host", "uncompiled"]

_Result = TypeVar("_Result")


def on_host(function: Callable[..., Array], images: Tensor, *others: Size) -> Tensor:
    """Return function(images, *others), computed by NumPy, with the shape and type of the images.

    On TensorFlow and JAX it is called while the compiled step runs, on PyTorch at once. It must be
    a pure function: JAX may call it more than once.

    Args:
        function: Takes NumPy arrays, which it must not change, and returns one.
        images: A tensor.
        *others: Tensors, or whole numbers of 32 bits.

    Example:
        >>> result = on_host(lambda x, k: x * k, ops.convert_to_tensor([1.0, 2.0]), 3)
        >>> [float(number) for number in result]
        [3.0, 6.0]
    """
    backend = keras.backend.backend()
    if backend == "jax":
        import jax
        import numpy as np

        like = jax.ShapeDtypeStruct(images.shape, images.dtype)
        return jax.pure_callback(
            lambda *given: function(*map(np.asarray, given)),
            like,
            images,
            *others,
            vmap_method="sequential",
        )
    if backend == "tensorflow":
        import tensorflow as tf

        result = tf.numpy_function(function, [images, *others], images.dtype, stateful=False)
        result.set_shape(images.shape)
        return result
    return uncompiled(_at_once, function, images, *others)


def _at_once(function: Callable[..., Array], *tensors: Size) -> Tensor:
    return ops.convert_to_tensor(function(*map(ops.convert_to_numpy, tensors)))


def uncompiled(function: Callable[..., _Result], *args: object) -> _Result:
    """Return function(*args), called outside of PyTorch's compiler.

    The compiler would otherwise trace NumPy's operations as if they were its own.
    """
    if keras.backend.backend() != "torch":
        return function(*args)
    import torch

    return cast(_Result, torch.compiler.disable(function)(*args))
