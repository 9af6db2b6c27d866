"""A batch of images transformed by NumPy, as the training step asks for it on the host."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit import RegkitError
from regkit_albumentations.sampling import Sampler, locked

__all__ = ["Images", "require_same_shape"]

Array = NDArray[Any]

BEYOND = 0.5  # how far images may lie outside of their range, in lengths of it


@dataclass(frozen=True)
class Images:
    """A function of a batch of images and two keys that draws for every image by its place.

    Attributes:
        sampler: What transforms one.
        value_range: What floating images have as black and white.
    """

    sampler: Sampler
    value_range: tuple[float, float] = (0.0, 1.0)

    def __call__(self, images: Array, first: Any, second: Any, hits: Any = None) -> Array:
        """Return new images, of the same shape and type.

        Args:
            images: Of shape (batch, height, width, channels).
            first: A key of 32 bits.
            second: Another.
            hits: Which images are transformed; all, where it is None.

        Raises:
            RegkitError: where floating images are not in their range, or the transform changes
                shape or type.
        """
        seed = (int(first) & 0xFFFFFFFF) << 32 | int(second) & 0xFFFFFFFF
        scaled = self._scaled(images)
        out = np.empty_like(scaled)
        with self.sampler.lent(["image"], seed, range(len(images))) as transform:
            for place, image in enumerate(scaled):
                if hits is None or hits[place]:
                    out[place] = kept(transform({"image": image}, place)["image"], image)
        out = self._scaled_back(out)
        if hits is not None:  # the others exactly as they were: to scale there and back rounds
            out[~hits] = images[~hits]
        return out

    def _scaled(self, images: Array) -> Array:
        low, high = self.value_range
        if images.dtype == np.uint8 or not images.size:
            return locked(images)
        least, most = float(images.min()), float(images.max())
        margin = BEYOND * (high - low)
        if least < low - margin or most > high + margin:
            raise RegkitError(
                f"images have values from {least:g} to {most:g}, outside of value_range="
                f"({low:g}, {high:g}), beyond which Albumentations cuts off. Give the values of "
                "black and white, as in value_range=(0, 255)"
            )
        if self.value_range == (0.0, 1.0):
            return locked(images)
        return np.ascontiguousarray((images - np.float32(low)) / np.float32(high - low))

    def _scaled_back(self, images: Array) -> Array:
        low, high = self.value_range
        if images.dtype == np.uint8 or self.value_range == (0.0, 1.0):
            return images
        return np.asarray(images * np.float32(high - low) + np.float32(low))


def kept(found: Any, image: Array) -> Array:
    """Return a transformed image, of the shape and type of the image that was given.

    Raises:
        RegkitError: where it has others.
    """
    made: Array = np.asarray(found)
    if made.ndim == image.ndim - 1 and image.shape[-1] == 1:
        made = made[..., None]
    if made.shape != image.shape or made.dtype.kind != image.dtype.kind:
        raise RegkitError(
            f"the transform makes an image of shape {made.shape} and type {made.dtype} from one "
            f"of {image.shape} and {image.dtype}; inside a fit both must stay. End it with Resize "
            "or PadIfNeeded, normalize in the model, or use regkit_albumentations.augmented, which "
            "feeds the fit"
        )
    return made


@functools.lru_cache(maxsize=64)
def require_same_shape(sampler: Sampler, shape: tuple[int, ...], dtype: str) -> None:
    """Refuse a transform that changes the shape or type of an image, before the step is compiled.

    Raises:
        RegkitError: where it does, or fails.
    """
    image = np.random.default_rng(0).uniform(0, 1, shape)
    image = (image * 255).astype(dtype) if dtype == "uint8" else image.astype(dtype)
    try:
        with sampler.lent(["image"], 0, [0]) as transform:
            found = transform({"image": image}, 0)["image"]
    except Exception as error:
        raise RegkitError(
            f"the transform fails on an image of shape {shape} and type {dtype}: "
            f"{type(error).__name__}: {error}. What needs masks, boxes or points is for "
            "regkit_albumentations.augmented"
        ) from error
    kept(found, image)
