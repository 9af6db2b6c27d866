"""TensorFlow: elementwise operations fused by XLA; batches without a Python generator."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["fused", "gathered"]


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


def gathered(arrays: tuple[Any, ...], order: Any) -> tf.data.Dataset:
    """Return the batches `tuple(array[row] for array in arrays)` for the rows of `order`."""
    tensors = tuple(tf.constant(array) for array in arrays)
    options = tf.data.Options()
    options.autotune.enabled = False
    rows = tf.data.Dataset.from_tensor_slices(order).with_options(options)
    return rows.map(lambda row: tuple(tf.gather(tensor, row) for tensor in tensors))
