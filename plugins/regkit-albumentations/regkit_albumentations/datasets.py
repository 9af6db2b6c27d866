"""Data that are transformed by Albumentations on their way to the model."""

from __future__ import annotations

import multiprocessing
import operator
import warnings
from typing import Any

import keras
import numpy as np

from regkit import RegkitError
from regkit_albumentations.batches import Batches
from regkit_albumentations.library import is_transform
from regkit_albumentations.sampling import Sampler
from regkit_albumentations.targets import check_names, places_of
from regkit_albumentations.text import parsed

__all__ = ["Arrays", "AugmentedDataset", "augmented"]


def augmented(
    data: Any,
    transform: Any,
    *,
    seed: int,
    targets: Any = None,
    batch_size: int | None = None,
    shuffle: bool | None = None,
    initial_epoch: int = 0,
    padding: float = -1.0,
    workers: int | None = None,
    use_multiprocessing: bool | None = None,
    max_queue_size: int | None = None,
) -> Any:
    """Return data whose images, masks, boxes and keypoints are transformed anew in every epoch.

    Every sample is transformed by draws of (seed, epoch, number of the sample) and of nothing else:
    the same whatever the workers, in threads or processes, and in whatever order. The number is the
    sample's place in arrays, in a `tf.data.Dataset` its place in the order in which it comes, and
    in a `PyDataset` the number of its batch and its place there. The epoch counts how often the
    data have come to their end; for a run that is resumed give `initial_epoch`, or, for what is a
    `PyDataset`, its `callback` to the fit.

    Args:
        data: Arrays in a tuple, (x,), (x, y) or (x, y, sample_weight), nests included; a
            `keras.utils.PyDataset`; or a `tf.data.Dataset` of batches or of single examples, whose
            images have channels.
        transform: A transform or a Compose of Albumentations, or its text. Its own seed is of no
            account.
        seed: A whole number, at least 0.
        targets: Albumentations' names in the structure of the data, as in ("image", "mask") or
            ("image", {"boxes": "bboxes", "classes": "labels"}), where labels is among the label
            fields of `bbox_params`. By default the inputs are the image and all else is passed on.
        batch_size: Of arrays, by default 32.
        shuffle: Of arrays, whether each epoch has an order of its own, by the seed; by default it
            has.
        initial_epoch: The epoch to begin with, for a run that goes on.
        padding: What fills the rows of boxes and keypoints that a sample has not, before and
            after: a crop leaves fewer.
        workers: As in `keras.utils.PyDataset`, whose value is kept by default; for a
            `tf.data.Dataset` the calls in parallel, by default 1 for small images (to 64×64×3 of
            uint8) and as many as `tf.data` finds best for larger.
        use_multiprocessing: As in `keras.utils.PyDataset`: processes in the place of threads.
        max_queue_size: Likewise.

    Returns:
        A `PyDataset` for arrays and for one, with `epoch` and `callback`; else a
        `tf.data.Dataset`.

    Raises:
        RegkitError: for an impossible argument, targets that do not fit the data or the transform,
            and, as soon as samples are made, images of several shapes.

    Example:
        >>> x, y = np.zeros((6, 8, 8, 3), "uint8"), np.arange(6)
        >>> dataset = augmented((x, y), "RandomCrop(height=4, width=4)", seed=1, batch_size=4)
        >>> [batch[0].shape for batch in dataset]
        [(4, 4, 4, 3), (2, 4, 4, 3)]
    """
    _require_whole("seed", seed)
    _require_whole("initial_epoch", initial_epoch)
    _require_whole("batch_size", 32 if batch_size is None else batch_size, 1)
    if not np.isfinite(padding):
        raise RegkitError(f"padding must be a finite number; received {padding!r}")
    _require_known(data)
    made = parsed(transform) if isinstance(transform, str) else transform
    if not is_transform(made):
        raise RegkitError(
            f"transform must be one of Albumentations, or its text; received {made!r}"
        )
    batches = Batches(
        Sampler(made, _in_parallel(data, workers, use_multiprocessing)), seed, padding
    )
    queue = {"workers": workers, "use_multiprocessing": use_multiprocessing}
    queue["max_queue_size"] = max_queue_size
    if isinstance(data, tuple):
        size = 32 if batch_size is None else batch_size
        source = Arrays(data, size, seed if shuffle in (None, True) else None)
        return AugmentedDataset(source, batches, targets, initial_epoch, **queue)
    _refuse({"batch_size": batch_size, "shuffle": shuffle}, "arrays; batch and shuffle data before")
    if isinstance(data, keras.utils.PyDataset):
        return AugmentedDataset(data, batches, targets, initial_epoch, **queue)
    del queue["workers"]
    _refuse(queue, "arrays and a PyDataset")
    from regkit_albumentations.pipelines import pipeline

    return pipeline(data, batches, targets, initial_epoch, workers)


def _in_parallel(data: Any, workers: int | None, use_multiprocessing: bool | None) -> bool:
    """Return whether several workers make batches at the same time."""
    if not isinstance(data, tuple | keras.utils.PyDataset):
        return True  # tf.data
    own = Arrays if isinstance(data, tuple) else data
    count = own.workers if workers is None else workers
    return bool(
        count > 1
        or (own.use_multiprocessing if use_multiprocessing is None else use_multiprocessing)
    )


def _require_whole(name: str, value: Any, low: int = 0) -> None:
    try:
        good = operator.index(value) >= low and not isinstance(value, bool)
    except TypeError:
        good = False
    if not good:
        raise RegkitError(f"{name} must be a whole number of at least {low}; received {value!r}")


def _require_known(data: Any) -> None:
    if isinstance(data, tuple | keras.utils.PyDataset) or hasattr(data, "element_spec"):
        return
    raise RegkitError(
        "data must be a tuple of arrays such as (x, y), a keras.utils.PyDataset or a "
        f"tf.data.Dataset; received {type(data).__name__}. A single array is (x,); for others use "
        "the technique regkit_albumentations.Albumentations in callbacks="
    )


def _refuse(options: dict[str, Any], where: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise RegkitError(f"{name}={value!r} is for {where}")


class Arrays:
    """Arrays in batches, in an order that is a function of the epoch.

    Args:
        arrays: A nest of arrays with as many samples each.
        batch_size: Samples in a batch; the last may have fewer.
        seed: Of the order; None for the order that they have.

    Attributes:
        arrays: The nest.
    """

    workers, use_multiprocessing, max_queue_size = 1, False, 10  # as Keras has them

    def __init__(self, arrays: Any, batch_size: int, seed: int | None) -> None:
        self.arrays = keras.tree.map_structure(np.asarray, arrays)
        sizes = {len(one) for one in keras.tree.flatten(self.arrays)}
        if len(sizes) != 1:
            raise RegkitError(f"arrays need as many samples each; these have {sorted(sizes)}")
        self._size, self._batch_size, self._seed = sizes.pop(), batch_size, seed
        self._order: tuple[int, Any] = (-1, None)

    @property
    def num_batches(self) -> int:
        """How many batches there are."""
        return -(-self._size // self._batch_size)

    def taken(self, index: int, epoch: int) -> list[int]:
        """Return the numbers of the samples of a batch."""
        order = self._order_of(epoch)
        numbers = order[index * self._batch_size : (index + 1) * self._batch_size]
        found: list[int] = numbers.tolist()
        return found

    def _order_of(self, epoch: int) -> Any:
        last, order = self._order
        if last != epoch or order is None:
            order = np.arange(self._size)
            if self._seed is not None:
                order = np.random.default_rng([self._seed, epoch]).permutation(self._size)
            self._order = (epoch, order)
        return order


_AHEAD = (
    "Keras has stopped in the midst of the data. With workers it begins the next epoch with the "
    "batches that they had made ahead, and so misses others, whatever the dataset. Where it was to "
    "build the model (JAX, PyTorch), build its metrics before: model.test_on_batch(x[:1], y[:1]). "
    "Or do without workers, or use a tf.data.Dataset"
)


class AugmentedDataset(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """What `augmented` returns for arrays and a `PyDataset`.

    Attributes:
        epoch: The epoch, by which samples draw: how often the data have come to their end, or what
            `callback` or the user has set.
    """

    def __init__(
        self, source: Any, batches: Batches, targets: Any, initial_epoch: int, **queue: Any
    ) -> None:
        own = {name: getattr(source, name) for name in queue}
        super().__init__(**own | {name: one for name, one in queue.items() if one is not None})
        self.epoch = initial_epoch
        self._source, self._batches, self._targets = source, batches, targets
        self._places: dict[str, int] | None = None  # of Albumentations' names in a batch
        # Which batches have been asked for in this pass; worker processes write it as well.
        self._asked = multiprocessing.RawArray("b", source.num_batches or 1)
        self._begun = False

    @property
    def callback(self) -> keras.callbacks.Callback:
        """A callback that sets `epoch` to the fit's: for a run that is resumed, and to be sure."""

        def begin(epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        return keras.callbacks.LambdaCallback(on_epoch_begin=begin)

    @property
    def num_batches(self) -> int | None:
        """How many batches there are; None where they do not end."""
        found: int | None = self._source.num_batches
        return found

    def __getitem__(self, index: int) -> Any:
        """Return a batch."""
        if index < len(self._asked):
            self._asked[index] = 1
        whole = isinstance(self._source, Arrays)
        element = self._source.arrays if whole else self._source[index]
        if self._places is None:
            self._places = places_of(self._targets, element)
            check_names(self._batches.sampler.transform, self._places)
        parts = [np.asarray(one) for one in keras.tree.flatten(element)]
        given = {name: parts[place] for name, place in self._places.items()}
        if whole:
            picks = numbers = self._source.taken(index, self.epoch)
            taken = set(self._places.values())
            parts = [one if k in taken else one[picks] for k, one in enumerate(parts)]
        else:
            picks = range(len(given["image"]))
            numbers = range(index << 32, (index << 32) + len(picks))
        for name, one in self._batches(given, picks, numbers, self.epoch).items():
            parts[self._places[name]] = one
        return keras.tree.pack_sequence_as(element, parts)

    def on_epoch_begin(self) -> None:
        """Tell the source."""
        self._begun = True
        if not isinstance(self._source, Arrays):
            self._source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the source, and count, when all batches of the pass have been asked for.

        Keras ends an epoch also when it has looked at the first batches, to build a model or to
        learn their shapes, and after `steps_per_epoch` of them.
        """
        if not isinstance(self._source, Arrays):
            self._source.on_epoch_end()
        begun, self._begun = self._begun, False
        if begun and all(self._asked):
            self.epoch += 1
            self._asked = multiprocessing.RawArray("b", self.num_batches or 1)
        elif begun and any(self._asked) and (self.workers > 1 or self.use_multiprocessing):
            warnings.warn(_AHEAD, stacklevel=2)
