"""TensorFlow: operations fused by XLA, checked classes, batches gathered outside of Python."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import numpy as np
import tensorflow as tf

from regkit.types import Array, Nest, Size, Tensor

__all__ = ["checked_one_hot", "compiled", "device_peak", "fused", "gathered"]

_Function = TypeVar("_Function", bound=Callable[..., Tensor])


def fused(function: _Function) -> _Function:
    """Return `function(first, second, size)` compiled by XLA, also within an uncompiled graph.

    `benchmarks/draws.py` measures it.
    """
    # One compiled function for each known size, because XLA needs static shapes.
    compiled = functools.cache(
        lambda size: tf.function(
            lambda first, second: function(first, second, size), jit_compile=True
        )
    )
    dynamic = tf.function(function, jit_compile=True, reduce_retracing=True)

    @functools.wraps(function)
    def call(first: Size, second: Size, size: Size) -> Tensor:
        first, second = tf.convert_to_tensor(first), tf.convert_to_tensor(second)
        if isinstance(size, int):
            return compiled(size)(first, second)
        return dynamic(first, second, size)

    return cast(_Function, call)


def compiled(function: _Function) -> _Function:
    """Return `function(a, b, *static)` of two tensors compiled by XLA, also within a graph.

    The static arguments are words and numbers. A batch of another size is compiled when it comes.
    `benchmarks/elastic.py` measures it.
    """
    # One compiled function for each set of shapes and options, so that none is traced twice.
    known = functools.cache(
        lambda _, *static: tf.function(
            lambda a, b: function(a, b, *static), jit_compile=True, autograph=False
        )
    )

    @functools.wraps(function)
    def call(a: Tensor, b: Tensor, *static: str | float) -> Tensor:
        a, b = tf.convert_to_tensor(a), tf.convert_to_tensor(b)
        return known((tuple(a.shape), a.dtype, tuple(b.shape)), *static)(a, b)

    return cast(_Function, call)


def gathered(parts: Nest | tuple[Nest | Array, ...], rows: Sequence[Array]) -> tf.data.Dataset:
    """Return a dataset of batches: of every array the examples that each of `rows` names."""
    tensors = tf.nest.map_structure(tf.constant, parts)
    options = tf.data.Options()
    options.autotune.enabled = False
    if len({len(row) for row in rows}) == 1:  # batches of one size, which the graph then knows
        chosen = tf.data.Dataset.from_tensor_slices(np.stack(rows))
    else:
        order, ends = tf.constant(np.concatenate(rows)), np.cumsum([len(row) for row in rows])
        starts = np.concatenate([[0], ends[:-1]])
        chosen = tf.data.Dataset.from_tensor_slices((starts, ends)).map(
            lambda start, end: order[start:end]
        )
    return chosen.with_options(options).map(
        lambda row: tf.nest.map_structure(lambda tensor: tf.gather(tensor, row), tensors)
    )


def device_peak() -> Callable[[], int] | None:
    """Reset the GPU's peak of memory and return a function that gives the new one; None without."""
    if not tf.config.list_physical_devices("GPU"):
        return None
    tf.config.experimental.reset_memory_stats("GPU:0")
    return lambda: int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


def checked_one_hot(y: tf.Tensor, classes: int, dtype: str) -> tf.Tensor:
    """Return a one-hot along a last axis; numbers outside of the classes raise an error.

    XLA leaves assertions out. There the row is NaN, as in TensorFlow's own crossentropy.
    """
    valid = tf.logical_and(y >= 0, y < classes)
    message = f"a label is not one of the {classes} classes, 0 to {classes - 1}"
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(valid), [message, y])]):
        hot = tf.one_hot(y, classes, dtype=dtype)
    return tf.where(valid[..., None], hot, tf.constant(math.nan, dtype))
