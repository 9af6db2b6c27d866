"""A NumPy function of images in the midst of a compiled step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

__all__ = ["on_host", "unseen"]

Tensor = Any


def on_host(function: Callable[..., Any], images: Tensor, *others: Tensor) -> Tensor:
    """Return function(images, *others), computed by NumPy, of the shape and type of the images.

    On TensorFlow and JAX it is called while the compiled step runs, on PyTorch at once. It must be
    a pure function: JAX may call it more than once.

    Args:
        function: Takes NumPy arrays, which it must not change, and returns one.
        images: A tensor.
        *others: Tensors, or whole numbers of 32 bits.

    Example:
        >>> found = on_host(lambda x, k: x * k, ops.convert_to_tensor([1.0, 2.0]), 3)
        >>> [float(one) for one in found]
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

        found = tf.numpy_function(function, [images, *others], images.dtype, stateful=False)
        found.set_shape(images.shape)
        return found
    return unseen(_at_once, function, images, *others)


def _at_once(function: Callable[..., Any], *tensors: Tensor) -> Tensor:
    return ops.convert_to_tensor(function(*map(ops.convert_to_numpy, tensors)))


def unseen(function: Callable[..., Any], *args: Any) -> Any:
    """Return function(*args), called where no compiler follows it.

    That of PyTorch would else read NumPy's operations as its own, step by step, and ours with them.
    """
    if keras.backend.backend() != "torch":
        return function(*args)
    import torch

    return torch.compiler.disable(function)(*args)
