"""Batches of samples with masks, boxes and keypoints, transformed by NumPy."""

from __future__ import annotations

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
        owners = groups(self.sampler.transform)
        images = {name: locked(one) for name, one in arrays.items() if name not in owners}
        taken = {name: _taker(one) for name, one in images.items()}
        rows = {name: one for name, one in arrays.items() if name in owners}
        self._require_same_sides(images)
        self._require_room(rows)
        made = []
        with self.sampler.lent(arrays, self.seed, numbers, epoch) as transform:
            for place, pick in enumerate(picks):
                sample = {name: take(pick) for name, take in taken.items()}
                if rows:
                    sample |= self._real({name: one[pick] for name, one in rows.items()}, owners)
                try:
                    made.append(transform(sample, place))
                except Exception as error:
                    _explain(images, error)
                    raise
        return {
            name: self._filled([each[name] for each in made], one)
            if name in rows
            else _stacked(name, [each[name] for each in made], one)
            for name, one in arrays.items()
        }

    def _require_same_sides(self, images: Batch) -> None:
        """Do for all samples at once what a Compose checks for each."""
        if not getattr(self.sampler.transform, "is_check_shapes", False):
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

    def _filled(self, samples: list[Any], rows: Array) -> Array:
        """Return boxes or points in as many rows as there were."""
        out = np.full((len(samples), *rows.shape[1:]), self.padding, rows.dtype)
        for room, made in zip(out, samples, strict=True):
            if len(made) > len(room):
                raise RegkitError(
                    f"the transform makes {len(made)} boxes or points, and the data have "
                    f"{len(room)} rows for them; give the data more, filled with {self.padding:g}"
                )
            if len(made):
                found = np.asarray(made).reshape(len(made), *room.shape[1:])
                whole = rows.dtype.kind in "iu" and found.dtype.kind == "f"
                # Albumentations computes in parts of the side: of 3 it makes 2.9999998.
                room[: len(made)] = np.rint(found) if whole else found
        return out


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


def _alike(samples: list[Any]) -> bool:
    shape, dtype = samples[0].shape, samples[0].dtype
    return all(one.shape == shape and one.dtype is dtype for one in samples)


def _stacked(name: str, samples: list[Any], images: Array) -> Array:
    """Return images as an array; one in which a channel was left out gets it back."""
    first = samples[0]
    if type(first) is np.ndarray and first.ndim == images.ndim - 1 and _alike(samples):
        return np.concatenate(samples).reshape(len(samples), *first.shape)
    lost = images.shape[-1:] == (1,)
    found = {(getattr(one, "shape", None), getattr(one, "dtype", None)) for one in samples}
    shape, dtype = max(found, key=lambda one: len(one[0] or ()))
    if shape is None or not isinstance(dtype, np.dtype):
        raise RegkitError(
            f"the transform makes {name!r} a {type(samples[0]).__name__}; leave out ToTensorV2: "
            "Keras takes arrays, with channels where they are"
        )
    shape = (*shape, 1) if lost and len(shape) == images.ndim - 2 else shape
    if any(one not in ((shape, dtype), (shape[:-1] if lost else shape, dtype)) for one in found):
        raise RegkitError(
            f"the transform makes {name!r} of several shapes or types, "
            f"{', '.join(f'{one} of {kind}' for one, kind in found)}; samples of a batch need the "
            "same. End it with Resize, PadIfNeeded or a crop of one size, and change types with "
            "p=1.0"
        )
    out = np.empty((len(samples), *shape), dtype)
    for n, one in enumerate(samples):
        out[n] = one if one.ndim == len(shape) else one[..., None]
    return out
