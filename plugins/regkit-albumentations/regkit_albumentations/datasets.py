"""Data transformed by Albumentations on the way to the model."""

from __future__ import annotations

import multiprocessing
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from regkit import RegkitError
from regkit.types import Array, Nest
from regkit_albumentations.batches import Batches
from regkit_albumentations.library import AnyTransform, is_transform
from regkit_albumentations.sampling import Sampler
from regkit_albumentations.targets import check_names, places_of
from regkit_albumentations.text import parsed

__all__ = ["Arrays", "AugmentedDataset", "augmented"]


def augmented(
    data: object,
    transform: str | AnyTransform,
    *,
    seed: int,
    targets: object = None,
    batch_size: int | None = None,
    shuffle: bool | None = None,
    initial_epoch: int = 0,
    padding: float = -1.0,
    workers: int | None = None,
    use_multiprocessing: bool | None = None,
    max_queue_size: int | None = None,
) -> Any:
    """Return data whose images, masks, boxes and keypoints are transformed anew in every epoch.

    The draws of a sample depend on the seed, the epoch and the number of the sample only, not on
    the workers, threads or processes, or their order. The number is the sample's position in
    arrays, in a `tf.data.Dataset` its position in the order in which samples come, and in a
    `PyDataset` the number of its batch and its position there. The epoch counts how often the data
    were read to their end; for a resumed run give `initial_epoch`, or, where a `PyDataset` is
    returned, give its `callback` to the fit.

    Args:
        data: Arrays in a tuple, (x,), (x, y) or (x, y, sample_weight), nests included; a
            `keras.utils.PyDataset`; or a `tf.data.Dataset` of batches or of single examples, whose
            images have channels.
        transform: A transform or a Compose of Albumentations, or its text. Its own seed is
            ignored.
        seed: A whole number, at least 0.
        targets: Albumentations' names in the structure of the data, as in ("image", "mask") or
            ("image", {"boxes": "bboxes", "classes": "labels"}), where labels is among the label
            fields of `bbox_params`. By default the inputs are the image, all else stays.
        batch_size: For arrays; by default 32.
        shuffle: For arrays: whether each epoch has another order, by the seed; by default True.
        initial_epoch: The epoch to begin with, for a resumed run.
        padding: The value that fills unused rows of boxes and keypoints, before and after: a crop
            leaves fewer.
        workers: As in `keras.utils.PyDataset`, whose value is kept by default; for a
            `tf.data.Dataset` the calls in parallel, by default 1 for small images (to 64×64×3 of
            uint8) and as many as `tf.data` finds best for larger.
        use_multiprocessing: As in `keras.utils.PyDataset`: processes instead of threads.
        max_queue_size: As in `keras.utils.PyDataset`.

    Returns:
        A `PyDataset` with `epoch` and `callback` for arrays and for a `PyDataset`; else a
        `tf.data.Dataset`.

    Raises:
        RegkitError: for an impossible argument, for targets that do not fit the data or the
            transform, and, when samples are made, for images of several shapes.

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
            f"transform must be a transform of Albumentations, or its text; received {made!r}"
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
    _refuse(
        {"batch_size": batch_size, "shuffle": shuffle},
        "arrays; batch and shuffle other data before",
    )
    if isinstance(data, keras.utils.PyDataset):
        return AugmentedDataset(data, batches, targets, initial_epoch, **queue)
    del queue["workers"]
    _refuse(queue, "arrays and a PyDataset")
    from regkit_albumentations.pipelines import pipeline

    return pipeline(data, batches, targets, initial_epoch, workers)


def _in_parallel(data: object, workers: int | None, use_multiprocessing: bool | None) -> bool:
    """Return whether several workers make batches at the same time."""
    if not isinstance(data, tuple | keras.utils.PyDataset):
        return True  # tf.data
    own: Any = Arrays if isinstance(data, tuple) else data
    count = own.workers if workers is None else workers
    return bool(
        count > 1
        or (own.use_multiprocessing if use_multiprocessing is None else use_multiprocessing)
    )


def _require_whole(name: str, value: int, low: int = 0) -> None:
    try:
        valid = operator.index(value) >= low and not isinstance(value, bool)
    except TypeError:
        valid = False
    if not valid:
        raise RegkitError(f"{name} must be a whole number of at least {low}; received {value!r}")


def _require_known(data: object) -> None:
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
        seed: The seed of the order; None keeps the order of the arrays.

    Attributes:
        arrays: The nest.
    """

    workers, use_multiprocessing, max_queue_size = 1, False, 10  # as Keras has them

    def __init__(self, arrays: Nest, batch_size: int, seed: int | None) -> None:
        self.arrays = keras.tree.map_structure(np.asarray, arrays)
        sizes = {len(array) for array in keras.tree.flatten(self.arrays)}
        if len(sizes) != 1:
            raise RegkitError(f"arrays need as many samples each; these have {sorted(sizes)}")
        self._size, self._batch_size, self._seed = sizes.pop(), batch_size, seed
        self._order: tuple[int, Array | None] = (-1, None)

    @property
    def num_batches(self) -> int:
        """The number of batches."""
        return -(-self._size // self._batch_size)

    def taken(self, index: int, epoch: int) -> list[int]:
        """Return the numbers of the samples of a batch."""
        order = self._order_of(epoch)
        numbers = order[index * self._batch_size : (index + 1) * self._batch_size]
        return [int(number) for number in numbers]

    def _order_of(self, epoch: int) -> Array:
        last, order = self._order
        if last != epoch or order is None:
            order = np.arange(self._size)
            if self._seed is not None:
                order = np.random.default_rng([self._seed, epoch]).permutation(self._size)
            self._order = (epoch, order)
        return order


_STOPPED = (
    "Keras stopped before the end of the data. With workers the next epoch begins with the batches "
    "that they have already made, and others are missed, with any dataset. Where Keras stopped to "
    "build the model (JAX, PyTorch), build its metrics before: model.test_on_batch(x[:1], y[:1]). "
    "Or use no workers, or a tf.data.Dataset"
)


class AugmentedDataset(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """What `augmented` returns for arrays and a `PyDataset`.

    Attributes:
        epoch: The epoch, on which draws depend: how often the data were read to their end, or what
            `callback` or the user has set.
    """

    def __init__(
        self,
        source: Arrays | keras.utils.PyDataset,
        batches: Batches,
        targets: object,
        initial_epoch: int,
        **queue: object,
    ) -> None:
        own = {name: getattr(source, name) for name in queue}
        given = {name: value for name, value in queue.items() if value is not None}
        super().__init__(**own | given)
        self.epoch = initial_epoch
        self._source, self._batches, self._targets = source, batches, targets
        self._places: dict[str, int] | None = None  # of Albumentations' names in a batch
        # Which batches were read in this pass; worker processes write it as well.
        self._read = multiprocessing.RawArray("b", source.num_batches or 1)
        self._begun = False

    @property
    def callback(self) -> keras.callbacks.Callback:
        """A callback that sets `epoch` to the epoch of the fit, also of a resumed one."""

        def begin(epoch: int, logs: dict[str, Any] | None = None) -> None:
            self.epoch = epoch

        return keras.callbacks.LambdaCallback(on_epoch_begin=begin)

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None where they do not end."""
        return self._source.num_batches

    def __getitem__(self, index: int) -> Any:
        """Return a batch."""
        if index < len(self._read):
            self._read[index] = 1
        source = self._source
        element = source.arrays if isinstance(source, Arrays) else source[index]
        if self._places is None:
            self._places = places_of(self._targets, element)
            check_names(self._batches.sampler.transform, self._places)
        parts = [np.asarray(part) for part in keras.tree.flatten(element)]
        given = {name: parts[place] for name, place in self._places.items()}
        picks: Sequence[int]
        numbers: Sequence[int]
        if isinstance(source, Arrays):
            picks = numbers = source.taken(index, self.epoch)
            named = set(self._places.values())
            parts = [part if k in named else part[picks] for k, part in enumerate(parts)]
        else:
            picks = range(len(given["image"]))
            numbers = range(index << 32, (index << 32) + len(picks))
        for name, array in self._batches(given, picks, numbers, self.epoch).items():
            parts[self._places[name]] = array
        return keras.tree.pack_sequence_as(element, parts)

    def on_epoch_begin(self) -> None:
        """Call the same event of the source."""
        self._begun = True
        if not isinstance(self._source, Arrays):
            self._source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Call the same event of the source, and count the epoch where all batches were read.

        Keras ends an epoch also after reading the first batches, to build a model or to learn
        their shapes, and after `steps_per_epoch` of them.
        """
        if not isinstance(self._source, Arrays):
            self._source.on_epoch_end()
        begun, self._begun = self._begun, False
        if begun and all(self._read):
            self.epoch += 1
            self._read = multiprocessing.RawArray("b", self.num_batches or 1)
        elif begun and any(self._read) and (self.workers > 1 or self.use_multiprocessing):
            warnings.warn(_STOPPED, stacklevel=2)
