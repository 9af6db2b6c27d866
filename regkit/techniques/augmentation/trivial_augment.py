"""One operation of random magnitude for each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from regkit.core.context import Context
from regkit.core.options import DataFormat, ProbabilityOption, Real, SeedOption, TargetsOption
from regkit.techniques.augmentation.affine_motion import Border, Kernel
from regkit.techniques.augmentation.operations import Pick, Reach, pick
from regkit.techniques.augmentation.pixel_values import ValueRange
from regkit.techniques.augmentation.policy import NAMES, Policy
from regkit.types import Tensor

__all__ = ["TrivialAugment"]


class TrivialAugment(Policy):
    """Change each image by one operation, drawn at random, of a random magnitude: nothing to tune.

    Of fourteen operations each example gets one, all as likely, at a magnitude m ~ U(0, 1): none;
    shear by a slope of ±0.99·m and translation by ±m of the side, along x or y; rotation by
    ±135°·m; colour, contrast, brightness or sharpness 1 ± 0.99·m times its own; solarizing
    what is brighter than 1 − m; posterizing to 8 − 6·m bits; equalizing; stretching each channel
    to the whole range (auto contrast). Values are those of Pillow's operations.

    Args:
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are changed; a number or a schedule. 0 leaves the
            step as it is.
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
        Müller and Hutter 2021, TrivialAugment: tuning-free yet state-of-the-art data augmentation,
        section 3, the wide space; there translations reach 32 pixels.

    Example:
        >>> TrivialAugment()
        TrivialAugment()
    """

    search_words = ("trivialaugment", "automatic augmentation", "Müller")
    reach = Reach(shear=0.99, shift=1.0, degrees=135.0, blend=0.99, bits=6.0)

    def __init__(
        self,
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

    def picks(self, size: Tensor | int, context: Context) -> Sequence[Pick]:
        """Return one operation for each example."""
        magnitude = context.draws.uniform((size,))
        return [pick(NAMES, magnitude, size, context)]
