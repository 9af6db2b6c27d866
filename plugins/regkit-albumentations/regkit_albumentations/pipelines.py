"""`tf.data` pipelines: batches through NumPy, with the shapes that they had known still."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from regkit import RegkitError
from regkit_albumentations.batches import Batches
from regkit_albumentations.targets import check_names, groups, places_of

__all__ = ["pipeline"]

Dataset = Any

CHUNK = 128  # at most so many examples go to Python at once
LARGE = 2**20  # bytes of examples that go to Python at once; more would cost to copy
SMALL = 2**14  # bytes of examples that are mostly Python's work, which threads would do in turns
UNKNOWN = (768, 896)  # sides at which the shape is tried that a transform makes of any


def pipeline(
    dataset: Dataset, batches: Batches, targets: Any, initial_epoch: int, workers: int | None
) -> Dataset:
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
        name: tf.TensorSpec(one.shape if single else one.shape[1:], one.dtype)
        for name, one in parts.items()
    }
    made = _signature(batches, samples)
    size = _size(samples.values())
    chunk = max(1, min(CHUNK, LARGE // size)) if single and size else 1
    inner = dataset.batch(chunk) if chunk > 1 else dataset
    passes = _Passes(initial_epoch)

    def run(first: Any, *arrays: Any) -> Any:
        one_by_one = single and chunk == 1
        arrays = tuple(one[None] for one in arrays) if one_by_one else arrays
        given, picks = dict(zip(named, arrays, strict=True)), range(len(arrays[0]))
        numbers = range(int(first), int(first) + len(picks))
        found = batches(given, picks, numbers, passes.epoch)
        return [found[name][0] if one_by_one else found[name] for name in named]

    def transformed(index: Any, element: Any) -> Any:
        flat = list(keras.tree.flatten(element))
        given = [flat[place] for place in named.values()]
        first = index * (chunk if single else 2**32)
        found = tf.numpy_function(run, [first, *given], [made[name].dtype for name in named])
        for (name, place), old, new in zip(named.items(), given, found, strict=True):
            before = [] if single and chunk == 1 else old.shape[:1].as_list()
            new.set_shape([*before, *made[name].shape])
            flat[place] = new
        return keras.tree.pack_sequence_as(element, flat)

    calls = 1 if size and size <= SMALL else tf.data.AUTOTUNE
    calls = calls if workers is None else workers
    # One call at a time is made by who asks for its batch: to hand it to a thread costs more.
    parallel = {} if calls == 1 else {"num_parallel_calls": calls, "deterministic": True}
    found = passes.counted(inner.enumerate().map(transformed, **parallel))
    found = found.unbatch() if chunk > 1 else found
    count = int(dataset.cardinality().numpy())
    return found if count < 0 else found.apply(tf.data.experimental.assert_cardinality(count))


def _size(samples: Any) -> int | None:
    """Return the bytes of an example; None where examples may differ in shape."""
    counts = [one.shape.num_elements() for one in samples]
    if None in counts:
        return None
    sizes = (count * one.dtype.size for count, one in zip(counts, samples, strict=True))
    return max(1, int(sum(sizes)))


class _Passes:
    """Counts how often a dataset has come to its end.

    So what looks at the first elements only, as Keras does to build a model, counts for nothing.

    Attributes:
        epoch: The count.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def counted(self, dataset: Dataset) -> Dataset:
        """Return the dataset with an end that counts; all elements have been made by then."""

        def ended() -> Any:
            self.epoch += 1
            return np.int64(0)

        end = tf.data.Dataset.range(1)
        return dataset.concatenate(
            end.flat_map(lambda _: dataset.take(tf.numpy_function(ended, [], tf.int64)))
        )


def _signature(batches: Batches, parts: dict[str, Any]) -> dict[str, Any]:
    """Return shape and type of what the transform makes of each part, by trying it.

    Where a side is not known, two are tried: what comes out alike does not depend on it.
    """
    sides = UNKNOWN if any(None in one.shape for one in parts.values()) else UNKNOWN[:1]
    tried = [_tried(batches, parts, side) for side in sides]
    found = {}
    for name in parts:
        shapes = zip(*(one[name].shape[1:] for one in tried), strict=True)
        shape = [each[0] if len(set(each)) == 1 else None for each in shapes]
        found[name] = tf.TensorSpec(shape, tried[0][name].dtype)
    return found


def _tried(batches: Batches, parts: dict[str, Any], side: int) -> dict[str, Any]:
    batch = {name: _example(batches, name, one, side) for name, one in parts.items()}
    try:
        return batches(batch, [0], [0], 0)
    except Exception as error:
        raise RegkitError(
            f"the transform fails on samples of { {k: v.shape[1:] for k, v in batch.items()} }: "
            f"{type(error).__name__}: {error}"
        ) from error


def _example(batches: Batches, name: str, part: Any, side: int) -> Any:
    shape = [1, *(side if one is None else one for one in part.shape)]
    dtype = part.dtype.as_numpy_dtype
    if name in groups(batches.sampler.transform):
        return np.full(shape, batches.padding, dtype)
    if name != "image":
        return np.zeros(shape, dtype)
    noise = np.random.default_rng(0).uniform(0, 1, shape)
    return (noise * 255 if dtype == np.uint8 else noise).astype(dtype)
