"""`tf.data` pipelines: batches transformed by NumPy that keep their known shapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from regkit import RegkitError
from regkit.types import Array, Nest
from regkit_albumentations.batches import Batches
from regkit_albumentations.targets import check_names, groups, places_of

__all__ = ["pipeline"]

CHUNK = 128  # the most examples that go to Python at once
LARGE = 2**20  # the most bytes that go to Python at once; copying more would cost time
SMALL = 2**14  # bytes of an example up to which Python does most of the work, in which threads
# would wait for each other
UNKNOWN = (768, 896)  # sides to try where a side of the images is not known


def pipeline(
    dataset: tf.data.Dataset,
    batches: Batches,
    targets: object,
    initial_epoch: int,
    workers: int | None,
) -> tf.data.Dataset:
    """Return a dataset with its samples transformed; see `augmented`.

    Raises:
        RegkitError: where targets do not fit, or the transform fails on what the dataset holds.
    """
    spec = dataset.element_spec
    named = places_of(targets, spec)
    check_names(batches.sampler.transform, named)
    parts = {name: keras.tree.flatten(spec)[place] for name, place in named.items()}
    single = len(parts["image"].shape) == 3
    if len(parts["image"].shape) not in (3, 4):
        raise RegkitError(
            "a tf.data.Dataset has images of shape (height, width, channels), or batches of such; "
            f"these have {tuple(parts['image'].shape)}. Give grey images a channel: x[..., None]"
        )
    samples = {
        name: tf.TensorSpec(part.shape if single else part.shape[1:], part.dtype)
        for name, part in parts.items()
    }
    specs = _signature(batches, samples)
    size = _size(samples.values())
    chunk = max(1, min(CHUNK, LARGE // size)) if single and size else 1
    inner = dataset.batch(chunk) if chunk > 1 else dataset
    passes = _Passes(initial_epoch)

    def run(first: np.int64, *arrays: Array) -> list[Array]:
        alone = single and chunk == 1
        arrays = tuple(array[None] for array in arrays) if alone else arrays
        given, picks = dict(zip(named, arrays, strict=True)), range(len(arrays[0]))
        numbers = range(int(first), int(first) + len(picks))
        made = batches(given, picks, numbers, passes.epoch)
        return [made[name][0] if alone else made[name] for name in named]

    def transformed(index: tf.Tensor, element: object) -> Nest:
        flat = list(keras.tree.flatten(element))
        given = [flat[place] for place in named.values()]
        first = index * (chunk if single else 2**32)
        made = tf.numpy_function(run, [first, *given], [specs[name].dtype for name in named])
        for (name, place), old, new in zip(named.items(), given, made, strict=True):
            before = [] if single and chunk == 1 else old.shape[:1].as_list()
            new.set_shape([*before, *specs[name].shape])
            flat[place] = new
        return keras.tree.pack_sequence_as(element, flat)

    calls = 1 if size and size <= SMALL else tf.data.AUTOTUNE
    calls = calls if workers is None else workers
    # A single call at a time runs in the thread that reads: handing it to another costs more.
    parallel = {} if calls == 1 else {"num_parallel_calls": calls, "deterministic": True}
    result = passes.counted(inner.enumerate().map(transformed, **parallel))
    result = result.unbatch() if chunk > 1 else result
    count = int(dataset.cardinality().numpy())
    return result if count < 0 else result.apply(tf.data.experimental.assert_cardinality(count))


def _size(samples: Iterable[tf.TensorSpec]) -> int | None:
    """Return the bytes of an example; None where examples may differ in shape."""
    size = 0
    for sample in samples:
        count = sample.shape.num_elements()
        if count is None:
            return None
        size += count * sample.dtype.size
    return max(1, size)


class _Passes:
    """Counts how often a dataset was read to its end.

    Reading the first elements only, as Keras does to build a model, does not count.

    Attributes:
        epoch: The count.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def counted(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Return the dataset, which counts at its end, after all elements have been made."""

        def ended() -> np.int64:
            self.epoch += 1
            return np.int64(0)

        end = tf.data.Dataset.range(1)
        return dataset.concatenate(
            end.flat_map(lambda _: dataset.take(tf.numpy_function(ended, [], tf.int64)))
        )


def _signature(batches: Batches, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the shape and type of each transformed part, by trying the transform.

    Where a side is not known, two are tried: sizes that come out equal do not depend on it.
    """
    sides = UNKNOWN if any(None in part.shape for part in parts.values()) else UNKNOWN[:1]
    tried = [_tried(batches, parts, side) for side in sides]
    specs = {}
    for name in parts:
        shapes = zip(*(made[name].shape[1:] for made in tried), strict=True)
        shape = [sizes[0] if len(set(sizes)) == 1 else None for sizes in shapes]
        specs[name] = tf.TensorSpec(shape, tried[0][name].dtype)
    return specs


def _tried(batches: Batches, parts: dict[str, Any], side: int) -> dict[str, Array]:
    """Return a transformed batch of one example with sides of `side` where they are not known."""
    batch = {name: _example(batches, name, part, side) for name, part in parts.items()}
    try:
        return batches(batch, [0], [0], 0)
    except Exception as error:
        raise RegkitError(
            f"the transform fails on samples of { {k: v.shape[1:] for k, v in batch.items()} }: "
            f"{type(error).__name__}: {error}"
        ) from error


def _example(batches: Batches, name: str, part: tf.TensorSpec, side: int) -> Array:
    shape = [1, *(side if size is None else size for size in part.shape)]
    dtype = part.dtype.as_numpy_dtype
    if name in groups(batches.sampler.transform):
        return np.full(shape, batches.padding, dtype)
    if name != "image":
        return np.zeros(shape, dtype)
    noise = np.random.default_rng(0).uniform(0, 1, shape)
    return (noise * 255 if dtype == np.uint8 else noise).astype(dtype)
