"""Images mixed with several differently augmented versions of themselves."""

from __future__ import annotations

import functools
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.images import images_of, map_images
from regkit.core.motion import Motion
from regkit.core.moving import image_sizes, moved_images, refuse_left_behind
from regkit.core.options import (
    DataFormat,
    Integer,
    ProbabilityOption,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.core.stages import Batch
from regkit.ops.geometry import PlaceMap
from regkit.ops.precision import dtype_of, in_type, wide
from regkit.techniques.augmentation.affine_motion import Border, Kernel
from regkit.techniques.augmentation.operations import (
    MOTIONS,
    Pick,
    Reach,
    motion_of,
    pick,
    recoloured,
)
from regkit.techniques.augmentation.pixel_values import ValueRange, range_of
from regkit.techniques.augmentation.policy import ChoosesOperations
from regkit.types import Schedule, Tensor

__all__ = ["AugMix", "chain_weights"]

# Those of the paper: none that its tests of robustness corrupt images by.
_NAMES = ("identity", *MOTIONS, "auto_contrast", "equalize", "posterize", "solarize")
_REACH = Reach(shear=0.3, shift=1 / 3, degrees=30.0, blend=0.0, bits=4.0)
_DEEPEST = 3  # operations in a chain


def chain_weights(uniform: Tensor) -> Tensor:
    """Return weights of a Dirichlet distribution with all parameters 1, from uniform numbers.

    w = e / Σe, e = −ln u, along the last axis.

    Example:
        >>> weights = chain_weights(ops.array([[0.5, 0.5]]))
        >>> ops.convert_to_numpy(weights).tolist()
        [[0.5, 0.5]]
    """
    exponential = -ops.log(ops.maximum(uniform, 1e-30))
    total = ops.sum(exponential, axis=-1, keepdims=True)
    return exponential / ops.maximum(total, 1e-30)


class AugMix(ChoosesOperations):
    """Mix each image with several versions of itself, each changed by a chain of operations.

    x̃ = m·x + (1 − m)·Σ_k w_k·c_k(x), m ~ U(0, 1), w ~ Dirichlet(1, …, 1), each example its own.
    A chain c_k has one to three operations, each drawn among none, shear, translation and rotation
    along both axes, auto contrast, equalizing, posterizing and solarizing, at a magnitude ~
    U(0, severity): at 1 a slope of ±0.3, a third of the side, ±30°, 4 bits fewer, all inverted.
    Labels stay. The paper's term of consistency between versions is not part of it.

    Args:
        severity: The largest magnitude, in [0, 1]; a number or a schedule.
        chains: How many versions, at least 1.
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are changed; a number or a schedule. 0 leaves the
            step as it is.
        fill_mode: What lies beyond the border: "constant", "nearest", "wrap", "mirror" or
            "reflect".
        fill_value: The value there, where `fill_mode` is "constant".
        value_range: (low, high), the least and the largest value of a pixel. None for (0, 255)
            where images are of 8 bits, else for the least and the largest in each batch.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: "stay" where targets may say where something is and must not move: a mixture has
            several places for each thing, so nothing moves along.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width,
            `targets` names what would have to move, or targets may say where something is and
            nobody says that they stay.

    References:
        Hendrycks et al. 2020, AugMix: a simple data processing method to improve robustness and
        uncertainty, section 3.

    Example:
        >>> AugMix(0.5)
        AugMix(severity=0.5)
    """

    search_words = ("augmix", "robustness", "Hendrycks")

    def __init__(
        self,
        severity: Annotated[float | Schedule, Real(0, 1, schedule=True)] = 0.3,
        chains: Annotated[int, Integer(1)] = 3,
        *,
        interpolation: Kernel = "bilinear",
        probability: ProbabilityOption = 1.0,
        fill_mode: Border = "constant",
        fill_value: Annotated[float, Real()] = 0.0,
        value_range: ValueRange = None,
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__(
            interpolation,
            probability,
            fill_mode,
            fill_value,
            value_range,
            data_format,
            targets,
            seed,
        )
        self.severity = severity
        self.chains = chains

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with mixed versions of its images."""
        refuse_left_behind(batch, self, self.data_format)
        sizes = image_sizes(batch, self, self.data_format)
        bounds = range_of(images_of(batch, self, self.data_format), self.value_range, context)
        draws, size = context.draws, sizes.batch
        chains = [self._chain(size, context) for _ in range(self.chains)]
        motions = [self._motion(*motion_of(one, _NAMES, _REACH, sizes)) for one in chains]
        weights = chain_weights(draws.uniform((size, self.chains)))
        own = draws.uniform((size,))
        if self.probability != 1.0:
            hit = draws.bernoulli((size,), context.value(self.probability))
            own = ops.where(hit, own, 1.0)

        def mixed(images: Tensor) -> Tensor:
            x = ops.cast(images, wide(images))
            versions = [
                _weighted(recoloured(moved_images(x, motion), picks, _NAMES, _REACH, bounds), w)
                for picks, motion, w in zip(
                    chains, motions, ops.unstack(weights, self.chains, axis=1), strict=True
                )
            ]
            share = ops.cast(ops.reshape(own, (-1, 1, 1, 1)), x.dtype)
            both = share * x + (1.0 - share) * functools.reduce(ops.add, versions)
            return ops.where(share == 1.0, images, in_type(both, dtype_of(images)))

        return map_images(mixed, batch, self, self.data_format)

    def _chain(self, size: Tensor | int, context: Context) -> list[Pick]:
        """Draw up to three operations for each example; the further ones are none."""
        severity = ops.cast(context.value(self.severity), wide())
        depth = context.draws.integers((size,), 1, _DEEPEST + 1)
        chain = []
        for place in range(_DEEPEST):
            magnitude = context.draws.uniform((size,)) * severity
            one = pick(_NAMES, magnitude, size, context)
            chain.append(Pick(ops.where(depth > place, one.which, 0), magnitude, one.sign))
        return chain

    def _motion(self, place_map: PlaceMap, still: Tensor) -> Motion:
        return Motion(place_map, self.interpolation, self.fill_mode, self.fill_value, still)


def _weighted(images: Tensor, weight: Tensor) -> Tensor:
    return images * ops.cast(ops.reshape(weight, (-1, 1, 1, 1)), images.dtype)
