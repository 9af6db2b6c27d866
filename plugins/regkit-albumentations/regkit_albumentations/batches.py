"""Batches of samples with masks, boxes and keypoints, transformed by NumPy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regkit import RegkitError
from regkit.types import Array
from regkit_albumentations.sampling import Sampler, locked
from regkit_albumentations.targets import groups

__all__ = ["Batches"]

Batch = dict[str, Array]


@dataclass(frozen=True)
class Batches:
    """Transforms samples, picked from arrays, to a batch of an epoch.

    Attributes:
        sampler: Transforms a sample.
        seed: The seed of all draws.
        padding: The value that fills unused rows of boxes and keypoints.
    """

    sampler: Sampler
    seed: int
    padding: float = -1.0

    def __call__(
        self, arrays: Batch, picks: Sequence[int], numbers: Sequence[int], epoch: int
    ) -> Batch:
        """Return a batch of transformed samples; the arrays stay as they are.

        Args:
            arrays: By Albumentations' names, each with samples along its first axis.
            picks: The positions of the batch's samples in the arrays.
            numbers: The number of each sample, which decides its draws.
            epoch: The epoch, from 0.

        Raises:
            RegkitError: where the transform makes images of several shapes or types, or fails on a
                type that Albumentations does not know.
        """
        owners = self._owners
        images = {name: locked(array) for name, array in arrays.items() if name not in owners}
        takers = {name: _taker(array) for name, array in images.items()}
        rows = {name: array for name, array in arrays.items() if name in owners}
        self._require_same_sides(images)
        self._require_signed(rows)
        results: dict[str, _Images | _Rows] = {
            name: _Rows(array, len(picks), self.padding)
            if name in rows
            else _Images(name, array, len(picks))
            for name, array in arrays.items()
        }
        with self.sampler.lent(arrays, self.seed, numbers, epoch) as transform:
            for place, pick in enumerate(picks):
                sample = {name: take(pick) for name, take in takers.items()}
                if rows:
                    sample |= self._used(
                        {name: array[pick] for name, array in rows.items()}, owners
                    )
                try:
                    made = transform(sample, place)
                except Exception as error:
                    _explain(images, error)
                    raise
                for name, result in results.items():
                    result.put(place, made[name])
        return {name: result.array for name, result in results.items()}

    @functools.cached_property
    def _owners(self) -> dict[str, str]:
        return groups(self.sampler.transform)

    def _require_same_sides(self, images: Batch) -> None:
        """Check sides for all samples at once, which a Compose does for each."""
        if len(images) == 1 or not getattr(self.sampler.transform, "is_check_shapes", False):
            return
        sides = {name: images[name].shape[1:3] for name in ("image", "mask") if name in images}
        if len(set(sides.values())) > 1:
            raise RegkitError(
                f"image and mask need the same height and width; they have {sides}. Compose(..., "
                "is_check_shapes=False) allows different ones"
            )

    def _require_signed(self, rows: Batch) -> None:
        """Refuse rows whose type cannot hold a negative padding."""
        for name, array in rows.items():
            if array.dtype.kind == "u" and self.padding < 0:
                raise RegkitError(
                    f"{name!r} of type {array.dtype} cannot hold padding={self.padding:g}, which "
                    "marks unused rows; convert the array to int32 or float32"
                )

    def _used(self, sample: Batch, owners: dict[str, str]) -> Batch:
        """Return the rows in use; a label's row is in use where its box or point is."""
        in_use = {
            name: (rows != self.padding).any(axis=-1)
            for name, rows in sample.items()
            if name == owners[name]
        }
        return {name: rows[in_use[owners[name]]] for name, rows in sample.items()}


def _taker(images: Array) -> Callable[[int], Array]:
    """Return the function that takes an image by its position, contiguous, as OpenCV needs it."""
    if images.flags.c_contiguous:
        return images.__getitem__
    return lambda pick: np.ascontiguousarray(images[pick])


def _explain(images: Batch, error: Exception) -> None:
    """Raise an error that names the type of the images, where it may be the cause."""
    dtype = images["image"].dtype
    if dtype not in (np.uint8, np.float32):
        raise RegkitError(
            f"the transform fails on images of {dtype}: {type(error).__name__}: {error}. "
            "Albumentations takes uint8, and float32 from 0 to 1; convert them by "
            'x.astype("float32")'
        ) from error


class _Images:
    """The transformed images of a batch, all of the shape and type of the first.

    Attributes:
        array: The images; its contents are arbitrary until `put` sets them.
    """

    def __init__(self, name: str, given: Array, count: int) -> None:
        self.array = given[:0]
        self._name, self._count = name, count
        self._rank, self._grey = given.ndim - 1, given.shape[-1] == 1
        self._shape: tuple[int, ...] | None = None  # until the first image
        self._dtype: np.dtype[Any] | None = None

    def put(self, place: int, image: object) -> None:
        """Set the image at a position."""
        self.array[place] = (
            image
            if type(image) is np.ndarray
            and image.shape == self._shape
            and image.dtype is self._dtype
            else self._fitting(image)
        )

    def _fitting(self, image: object) -> Array:
        """Return an image of the common shape, the lost single channel restored."""
        if not isinstance(image, np.ndarray):
            raise RegkitError(
                f"the transform makes {self._name!r} a {type(image).__name__}; leave out "
                "ToTensorV2: Keras takes arrays, with channels last"
            )
        if self._grey and image.ndim == self._rank - 1:
            image = image[..., None]
        if self._shape is None:
            self._shape, self._dtype = image.shape, image.dtype
            self.array = np.empty((self._count, *image.shape), image.dtype)
        if (image.shape, image.dtype) != (self._shape, self._dtype):
            raise RegkitError(
                f"the transform makes {self._name!r} of several shapes or types, {self._shape} of "
                f"{self._dtype} and {image.shape} of {image.dtype}; samples of a batch need the "
                "same. End it with Resize, PadIfNeeded or a crop of one size, and change types "
                "with p=1.0"
            )
        return image


class _Rows:
    """The transformed boxes or points of a batch, in as many rows as the data have.

    Attributes:
        array: The rows; unused ones hold the padding.
    """

    def __init__(self, given: Array, count: int, padding: float) -> None:
        self.array = np.full((count, *given.shape[1:]), padding, given.dtype)
        self._padding = padding

    def put(self, place: int, rows: Sequence[Any] | Array) -> None:
        """Set the rows at a position."""
        space = self.array[place]
        if len(rows) > len(space):
            raise RegkitError(
                f"the transform makes {len(rows)} boxes or points, and the data have {len(space)} "
                f"rows for them; give the data more rows, filled with {self._padding:g}"
            )
        if len(rows):
            values = np.asarray(rows).reshape(len(rows), *space.shape[1:])
            rounded = space.dtype.kind in "iu" and values.dtype.kind == "f"
            # Albumentations computes in fractions of the side: 3 becomes 2.9999998.
            space[: len(rows)] = np.rint(values) if rounded else values
