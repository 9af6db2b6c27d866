"""TensorFlow: fuse a chain of elementwise operations with XLA, inside any graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["fused"]


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function(first, second, size)` compiled by XLA, also within an uncompiled graph.

    Measured on two CPU cores for 100,000 uniform numbers: 711 µs as separate operations, 188 µs
    fused (benchmarks/draws.py).
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
