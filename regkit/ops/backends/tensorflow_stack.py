"""Members on TensorFlow: `vectorized_map` over a step, a loop over steps, one graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.ops.parallel_for import pfor

from regkit.types import Nest, Tensor

__all__ = [
    "adam_step",
    "compiled",
    "each",
    "free_bytes",
    "gpus",
    "gradient",
    "over_steps",
    "runs_eagerly",
]

runs_eagerly = False


def gradient(
    function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: list[Tensor]
) -> tuple[Tensor, Any, list[Tensor]]:
    """Return the value, the further results and the gradients of a function.

    The gradient of an embedding stays sparse, which optimizers treat in a way of its own.
    """
    at = [tf.convert_to_tensor(value) for value in at]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(at)
        value, others = function(at)
    slopes = tape.gradient(value, at, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value, others, slopes


def gpus() -> int:
    """Return the number of GPUs that this process sees."""
    return len(tf.config.list_physical_devices("GPU"))


def free_bytes() -> int | None:
    """Return the memory that is free on the device; None if it has none or is silent."""
    return None  # it tells what it has taken, and not of how much


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of members' arguments, each with a leading axis of members."""

    def mapped(*arguments: Nest) -> Any:
        return tf.vectorized_map(lambda own: function(*own), arguments)

    return mapped


def over_steps(step: Callable[[Nest, Nest], Nest], state: Nest, rows: Tensor) -> Nest:
    """Return the state after a step for each row."""
    flat = tf.nest.flatten(state)

    def body(number: Tensor, *held: Tensor) -> Any:
        after = step(tf.nest.pack_sequence_as(state, held), rows[number])
        return [number + 1, *tf.nest.flatten(after)]

    count = tf.shape(rows)[0]
    _, *flat = tf.while_loop(lambda number, *held: number < count, body, [0, *flat])
    return tf.nest.pack_sequence_as(state, flat)


def adam_step(optimizer: keras.optimizers.Adam) -> None:
    """Return None: Keras' own is compiled with the rest of a step."""


def compiled(function: Callable[..., Any], consumes: bool = True) -> Callable[..., Any]:
    """Return a graph. XLA on processors takes longer for it than a loop over members would."""
    return tf.function(function, autograph=False)


def _same_bits(converted: pfor._PforInput) -> pfor.WrappedTensor:
    """Return the bits of a stacked tensor as another type; TensorFlow would loop over members."""
    stacked = converted.stacked_input(0)
    return pfor.wrap(tf.bitcast(stacked, converted.get_attr("type")), True)


if "Bitcast" not in pfor._pfor_converter_registry:  # in every accuracy, by argmax
    pfor.RegisterPFor("Bitcast")(_same_bits)
