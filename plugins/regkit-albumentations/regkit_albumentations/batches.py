"""Batches of samples with masks, boxes and keypoints, transformed by NumPy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit import RegkitError
from regkit_albumentations.sampling import Sampler, locked
from regkit_albumentations.targets import groups

__all__ = ["Batches"]

Array = NDArray[Any]
Batch = dict[str, Array]


@dataclass(frozen=True)
class Batches:
    """A function of arrays, of which samples make a batch, and of the epoch.

    Attributes:
        sampler: What transforms a sample.
        seed: The seed of all draws.
        padding: What fills the rows of boxes and keypoints that a sample has not.
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
            picks: Where the samples of the batch are.
            numbers: The number of each, by which it draws.
            epoch: The epoch, from 0.

        Raises:
            RegkitError: where the transform makes images of several shapes or types, or fails on a
                type that Albumentations does not know.
        """
        owners = self._owners
        images = {name: locked(one) for name, one in arrays.items() if name not in owners}
        taken = {name: _taker(one) for name, one in images.items()}
        rows = {name: one for name, one in arrays.items() if name in owners}
        self._require_same_sides(images)
        self._require_room(rows)
        rooms: dict[str, _Images | _Rows] = {
            name: _Rows(one, len(picks), self.padding)
            if name in rows
            else _Images(name, one, len(picks))
            for name, one in arrays.items()
        }
        with self.sampler.lent(arrays, self.seed, numbers, epoch) as transform:
            for place, pick in enumerate(picks):
                sample = {name: take(pick) for name, take in taken.items()}
                if rows:
                    sample |= self._real({name: one[pick] for name, one in rows.items()}, owners)
                try:
                    made = transform(sample, place)
                except Exception as error:
                    _explain(images, error)
                    raise
                for name, room in rooms.items():
                    room.put(place, made[name])
        return {name: room.array for name, room in rooms.items()}

    @functools.cached_property
    def _owners(self) -> dict[str, str]:
        return groups(self.sampler.transform)

    def _require_same_sides(self, images: Batch) -> None:
        """Do for all samples at once what a Compose checks for each."""
        if len(images) == 1 or not getattr(self.sampler.transform, "is_check_shapes", False):
            return
        sides = {name: one.shape[1:3] for name, one in images.items() if name in ("image", "mask")}
        if len(set(sides.values())) > 1:
            raise RegkitError(
                f"image and mask need the same height and width; they have {sides}. Compose(..., "
                "is_check_shapes=False) takes others"
            )

    def _require_room(self, rows: Batch) -> None:
        for name, one in rows.items():
            if one.dtype.kind == "u" and self.padding < 0:
                raise RegkitError(
                    f"{name!r} of type {one.dtype} cannot hold padding={self.padding:g}, which "
                    "stands for no row; convert them, to int32 or float32"
                )

    def _real(self, sample: Batch, owners: dict[str, str]) -> Batch:
        """Return the rows that are there, those of labels by the boxes or points they belong to."""
        is_there = {
            name: (one != self.padding).any(axis=-1)
            for name, one in sample.items()
            if name == owners[name]
        }
        return {name: one[is_there[owners[name]]] for name, one in sample.items()}


def _taker(images: Array) -> Callable[[int], Any]:
    """Return the function that takes one image, contiguous, as OpenCV needs it."""
    if images.flags.c_contiguous:
        return images.__getitem__
    return lambda pick: np.ascontiguousarray(images[pick])


def _explain(images: Batch, error: Exception) -> None:
    """Say so where it is the type of the images that may be the cause of an error."""
    dtype = images["image"].dtype
    if dtype not in (np.uint8, np.float32):
        raise RegkitError(
            f"the transform fails on images of {dtype}: {type(error).__name__}: {error}. "
            "Albumentations takes uint8, and float32 from 0 to 1; convert them by "
            'x.astype("float32")'
        ) from error


class _Images:
    """Room for the images of a batch, of the shape and type that the first of them has.

    Attributes:
        array: The images; those that are not put yet may be anything.
    """

    def __init__(self, name: str, given: Array, count: int) -> None:
        self.array = given[:0]
        self._name, self._count = name, count
        self._rank, self._grey = given.ndim - 1, given.shape[-1] == 1
        self._shape: Any = None  # as long as there is none
        self._dtype: Any = None

    def put(self, place: int, image: Any) -> None:
        """Keep the image of a place."""
        if type(image) is not np.ndarray or not (
            image.shape == self._shape and image.dtype is self._dtype
        ):
            image = self._fitting(image)
        self.array[place] = image

    def _fitting(self, image: Any) -> Any:
        """Return an image that is the first, or has lost its only channel; refuse another."""
        if not isinstance(image, np.ndarray):
            raise RegkitError(
                f"the transform makes {self._name!r} a {type(image).__name__}; leave out "
                "ToTensorV2: Keras takes arrays, with channels where they are"
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
    """Room for boxes or points, as many rows of them as there were.

    Attributes:
        array: The rows, the padding where a sample has none.
    """

    def __init__(self, given: Array, count: int, padding: float) -> None:
        self.array = np.full((count, *given.shape[1:]), padding, given.dtype)
        self._padding = padding

    def put(self, place: int, rows: Any) -> None:
        """Keep the rows of a place."""
        room = self.array[place]
        if len(rows) > len(room):
            raise RegkitError(
                f"the transform makes {len(rows)} boxes or points, and the data have {len(room)} "
                f"rows for them; give the data more, filled with {self._padding:g}"
            )
        if len(rows):
            found = np.asarray(rows).reshape(len(rows), *room.shape[1:])
            whole = room.dtype.kind in "iu" and found.dtype.kind == "f"
            # Albumentations computes in parts of the side: of 3 it makes 2.9999998.
            room[: len(rows)] = np.rint(found) if whole else found
