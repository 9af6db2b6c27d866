"""TensorFlow: elementwise operations fused by XLA; checked classes; batches without Python."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["checked_one_hot", "compiled", "device_peak", "fused", "gathered"]


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function(first, second, size)` compiled by XLA, also within an uncompiled graph.

    `benchmarks/draws.py` measures it.
    """
    # One compiled function for each known size: XLA wants static shapes, and gets them this way.
    compiled = functools.cache(
        lambda size: tf.function(
            lambda first, second: function(first, second, size), jit_compile=True
        )
    )
    dynamic = tf.function(function, jit_compile=True, reduce_retracing=True)

    @functools.wraps(function)
    def call(first: Any, second: Any, size: Any) -> Any:
        first, second = tf.convert_to_tensor(first), tf.convert_to_tensor(second)
        if isinstance(size, int):
            return compiled(size)(first, second)
        return dynamic(first, second, size)

    return call


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function(a, b, *static)` of two tensors compiled by XLA, also within a graph.

    Static are words and numbers. Unknown batch sizes are compiled when they come.
    `benchmarks/elastic.py` measures it.
    """
    # One compiled function for each set of shapes and options, so that none is traced twice.
    known = functools.cache(
        lambda _, *static: tf.function(
            lambda a, b: function(a, b, *static), jit_compile=True, autograph=False
        )
    )

    @functools.wraps(function)
    def call(a: Any, b: Any, *static: Any) -> Any:
        a, b = tf.convert_to_tensor(a), tf.convert_to_tensor(b)
        return known((tuple(a.shape), a.dtype, tuple(b.shape)), *static)(a, b)

    return call


def gathered(arrays: tuple[Any, ...], order: Any) -> tf.data.Dataset:
    """Return the batches `tuple(array[row] for array in arrays)` for the rows of `order`."""
    tensors = tuple(tf.constant(array) for array in arrays)
    options = tf.data.Options()
    options.autotune.enabled = False
    rows = tf.data.Dataset.from_tensor_slices(order).with_options(options)
    return rows.map(lambda row: tuple(tf.gather(tensor, row) for tensor in tensors))


def device_peak() -> Callable[[], int] | None:
    """Forget the GPU's peak memory and return a function that gives the new one; None without."""
    if not tf.config.list_physical_devices("GPU"):
        return None
    tf.config.experimental.reset_memory_stats("GPU:0")
    return lambda: int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


def checked_one_hot(y: Any, classes: int, dtype: str) -> tf.Tensor:
    """Return a one-hot along a last axis, refusing numbers outside of the classes.

    XLA leaves assertions out. There the row is NaN, as TensorFlow's own crossentropy has it.
    """
    right = tf.logical_and(y >= 0, y < classes)
    wrong = f"a label is not one of the {classes} classes, 0 to {classes - 1}"
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(right), [wrong, y])]):
        hot = tf.one_hot(y, classes, dtype=dtype)
    return tf.where(right[..., None], hot, tf.constant(math.nan, dtype))
