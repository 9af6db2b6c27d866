"""A batch of images transformed by NumPy on the host, inside of the training step."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from regkit import RegkitError
from regkit.types import Array
from regkit_albumentations.sampling import Sampler, locked

__all__ = ["Images", "require_same_shape"]

MARGIN = 0.5  # how far values may lie outside of their range, in lengths of the range


@dataclass(frozen=True)
class Images:
    """Transforms a batch of images; the draws follow from two keys and an image's position.

    Attributes:
        sampler: Transforms an image.
        value_range: The values of black and white in floating images.
    """

    sampler: Sampler
    value_range: tuple[float, float] = (0.0, 1.0)

    def __call__(
        self, images: Array, first: Array, second: Array, chosen: Array | None = None
    ) -> Array:
        """Return new images, of the same shape and type.

        Args:
            images: Of shape (batch, height, width, channels).
            first: A key, a whole number of 32 bits.
            second: Another key.
            chosen: Which images are transformed; None for all.

        Raises:
            RegkitError: where floating images are not in their range, or the transform changes
                shape or type.
        """
        seed = (int(first) & 0xFFFFFFFF) << 32 | int(second) & 0xFFFFFFFF
        scaled = self._scaled(images)
        out = np.empty_like(scaled)
        with self.sampler.lent(["image"], seed, range(len(images))) as transform:
            for place, image in enumerate(scaled):
                if chosen is None or chosen[place]:
                    out[place] = checked(transform({"image": image}, place)["image"], image)
        out = self._scaled_back(out)
        if chosen is not None:  # the others exactly as given: scaling and scaling back rounds
            out[~chosen] = images[~chosen]
        return out

    def _scaled(self, images: Array) -> Array:
        low, high = self.value_range
        if images.dtype == np.uint8 or not images.size:
            return locked(images)
        least, most = float(images.min()), float(images.max())
        margin = MARGIN * (high - low)
        if least < low - margin or most > high + margin:
            raise RegkitError(
                f"images have values from {least:g} to {most:g}, outside of value_range="
                f"({low:g}, {high:g}), to which Albumentations clips them. Give the values of "
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


def checked(transformed: object, image: Array) -> Array:
    """Return a transformed image after checking that it has the shape and type of the original.

    Raises:
        RegkitError: where it has another shape or type.
    """
    result: Array = np.asarray(transformed)
    if result.ndim == image.ndim - 1 and image.shape[-1] == 1:
        result = result[..., None]
    if result.shape != image.shape or result.dtype.kind != image.dtype.kind:
        raise RegkitError(
            f"the transform makes an image of shape {result.shape} and type {result.dtype} from an "
            f"image of {image.shape} and {image.dtype}; inside a fit both must stay. End it with "
            "Resize or PadIfNeeded, normalize in the model, or use "
            "regkit_albumentations.augmented, which feeds the fit"
        )
    return result


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
            transformed = transform({"image": image}, 0)["image"]
    except Exception as error:
        raise RegkitError(
            f"the transform fails on an image of shape {shape} and type {dtype}: "
            f"{type(error).__name__}: {error}. A transform that needs masks, boxes or points "
            "is for regkit_albumentations.augmented"
        ) from error
    checked(transformed, image)
