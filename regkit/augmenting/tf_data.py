"""`tf.data.Dataset`, augmented batch by batch: in its graph on TensorFlow, else from the host.

TensorFlow is imported whatever the backend: who has such a dataset has imported it, and what it is
mapped by must be made of TensorFlow's operations, of which keras.ops on another backend has none.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from regkit.augmenting.transform import Parts, Transform
from regkit.core.errors import AttachError

__all__ = ["augmented_dataset"]


def augmented_dataset(dataset: tf.data.Dataset, transform: Transform, epoch: int) -> Any:
    """Return a dataset of the same batches, augmented anew in each pass to its end.

    Args:
        dataset: Of batches: x, (x, y) or (x, y, sample_weight).
        transform: What changes them.
        epoch: The number of the first pass.

    Raises:
        AttachError: where its elements are no batches.
    """
    spec = dataset.element_spec
    single = not isinstance(spec, tuple)
    for leaf in tf.nest.flatten(spec):
        if not isinstance(leaf, tf.TensorSpec):
            raise AttachError(
                f"augment takes a tf.data.Dataset of dense tensors; this one has {leaf}"
            )
        if leaf.shape.rank == 0:
            raise AttachError(
                "augment takes a tf.data.Dataset of batches, as fit does; an element of this one "
                f"has {leaf}. Batch it first: dataset.batch(32)"
            )
    passes = _Passes(epoch)

    def numbered(first: Any, element: Any) -> Any:
        size = tf.shape(tf.nest.flatten(element)[0])[0]
        return first + size, (first, (element,) if single else element)

    def changed(first: Any, element: Any) -> Any:
        parts: Parts = element
        numbers = first + tf.range(tf.shape(tf.nest.flatten(parts)[0])[0])
        now = tf.numpy_function(passes.current, [], tf.int32, stateful=True)
        now.set_shape(())
        result = _in_graph(transform, parts, numbers, now)
        return result[0] if single else result

    first = tf.zeros((), tf.int32)
    counted = dataset.scan(first, numbered)
    result = passes.counted(counted.map(changed, tf.data.AUTOTUNE, deterministic=True))
    count = int(dataset.cardinality().numpy())
    return result if count < 0 else result.apply(tf.data.experimental.assert_cardinality(count))


def _in_graph(transform: Transform, parts: Parts, numbers: Any, epoch: Any) -> Any:
    if keras.backend.backend() == "tensorflow":
        return transform.in_graph(parts, numbers, epoch)
    flat = tf.nest.flatten(parts)

    def on_host(numbers: Any, epoch: Any, *leaves: Any) -> list[Any]:
        given = tf.nest.pack_sequence_as(parts, [np.asarray(leaf) for leaf in leaves])
        return list(tf.nest.flatten(transform(given, numbers, int(epoch))))

    made = tf.numpy_function(on_host, [numbers, epoch, *flat], [leaf.dtype for leaf in flat])
    made = [made] if len(flat) == 1 and not isinstance(made, list | tuple) else made
    shapes = _shapes(transform, parts)
    for leaf, shape in zip(made, shapes, strict=True):
        leaf.set_shape(shape)
    return tf.nest.pack_sequence_as(parts, list(made))


def _shapes(transform: Transform, parts: Parts) -> list[Any]:
    """Return the shapes of what comes out, by trying it on one example of zeros."""
    flat = tf.nest.flatten(parts)
    if any(None in leaf.shape[1:] for leaf in flat):
        return [leaf.shape[:1] + [None] * (len(leaf.shape) - 1) for leaf in flat]
    zeros = [np.zeros((1, *leaf.shape[1:]), leaf.dtype.as_numpy_dtype) for leaf in flat]
    made = transform(tf.nest.pack_sequence_as(parts, zeros), np.zeros(1, "int32"), 0)
    pairs = zip(flat, tf.nest.flatten(made), strict=True)
    return [leaf.shape[:1].as_list() + list(one.shape[1:]) for leaf, one in pairs]


class _Passes:
    """Counts how often a dataset was read to its end.

    Reading the first elements only, as Keras does to build a model, does not count.
    """

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def current(self) -> Any:
        """Return the number of the pass."""
        return np.int32(self._epoch)

    def counted(self, dataset: Any) -> Any:
        """Return the dataset, which counts at its end, after all elements have been made."""

        def ended() -> Any:
            self._epoch += 1
            return np.int64(0)

        end = tf.data.Dataset.range(1)
        return dataset.concatenate(
            end.flat_map(lambda _: dataset.take(tf.numpy_function(ended, [], tf.int64)))
        )
