"""Several operations of one magnitude for each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.options import (
    DataFormat,
    Integer,
    ProbabilityOption,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.ops.precision import wide
from regkit.techniques.augmentation.affine_motion import Border, Kernel
from regkit.techniques.augmentation.operations import Pick, Reach, pick
from regkit.techniques.augmentation.pixel_values import ValueRange
from regkit.techniques.augmentation.policy import NAMES, Policy
from regkit.types import Schedule, Tensor

__all__ = ["RandAugment"]


class RandAugment(Policy):
    """Change each image by N operations, drawn at random, all of one magnitude.

    Of fourteen operations each example gets N, all as likely, at the magnitude m: none; shear by a
    slope of ±0.3·m and translation by ±0.45·m of the side, along x or y; rotation by ±30°·m;
    colour, contrast, brightness or sharpness 1 ± 0.9·m times its own; solarizing what is
    brighter than 1 − m; posterizing to 8 − 4·m bits; equalizing; stretching each channel to the
    whole range (auto contrast). What moves pixels acts first, as one map, then the others in the
    order in which they were drawn. Values are those of Pillow's operations.

    Args:
        operations: N, at least 1.
        magnitude: m, in [0, 1]; a number or a schedule. Also at 0 images are equalized and
            stretched; `probability=0` leaves the step as it is.
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are changed; a number or a schedule.
        fill_mode: What lies beyond the border: "constant", "nearest", "wrap", "mirror" or
            "reflect".
        fill_value: The value there, where `fill_mode` is "constant".
        value_range: (low, high), the least and the largest value of a pixel. None for (0, 255)
            where images are of 8 bits, else for the least and the largest in each batch.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: What moves with the images, see `Flip`.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width, or
            targets may say where something is, and nobody says how they move.

    References:
        Cubuk et al. 2020, RandAugment: practical automated data augmentation with a reduced search
        space, section 3; there the magnitude is a whole number of 30 steps.

    Example:
        >>> RandAugment(3, magnitude=0.5)
        RandAugment(operations=3, magnitude=0.5)
    """

    search_words = ("randaugment", "automatic augmentation", "Cubuk")
    reach = Reach(shear=0.3, shift=150 / 331, degrees=30.0, blend=0.9, bits=4.0)

    def __init__(
        self,
        operations: Annotated[int, Integer(1)] = 2,
        magnitude: Annotated[float | Schedule, Real(0, 1, schedule=True)] = 0.3,
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
        self.operations = operations
        self.magnitude = magnitude

    def picks(self, size: Tensor | int, context: Context) -> Sequence[Pick]:
        """Return the operations of each example."""
        one = ops.ones((size,), wide()) * ops.cast(context.value(self.magnitude), wide())
        return [pick(NAMES, one, size, context) for _ in range(self.operations)]
