"""Slanted images."""

from __future__ import annotations

import math
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.motion import ImageSizes
from regkit.core.options import (
    DataFormat,
    Either,
    ProbabilityOption,
    Range,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.techniques.augmentation.affine_motion import (
    AffineMotion,
    Axes,
    Border,
    Kernel,
    matrix_of,
)
from regkit.techniques.augmentation.spans import drawn
from regkit.types import Number, Schedule, Tensor

__all__ = ["Shear"]

Slant = Annotated[
    float | Schedule | tuple[float, float],
    Either(Real(0, 45, open_high=True, neutral=0, schedule=True), Range(Real(-44, 44))),
]


class Shear(AffineMotion):
    """Slant each image, by an angle of its own.

    The pixel at (x, y) from the center gets the value at (x + y·tan a, y + x·tan b), a and b ~
    U(−degrees, degrees).

    Args:
        degrees: The most in both directions, at least 0 and below 45, in degrees: a number, a
            schedule, or a range (low, high) from −44 to 44. 0 leaves the step as it is.
        axes: "both", "horizontal" (rows move along x) or "vertical".
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are slanted; a number or a schedule.
        fill_mode: What lies beyond the border: "constant", "nearest", "wrap", "mirror" or
            "reflect".
        fill_value: The value there, where `fill_mode` is "constant".
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: What moves with the images, see `Flip`.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width.

    References:
        Cubuk et al. 2020, RandAugment: practical automated data augmentation with a reduced search
        space, section 3.

    Example:
        >>> Shear(15.0)
        Shear(degrees=15.0)
    """

    search_words = ("slant", "skew")

    def __init__(
        self,
        degrees: Slant = 10.0,
        axes: Axes = "both",
        *,
        interpolation: Kernel = "bilinear",
        probability: ProbabilityOption = 1.0,
        fill_mode: Border = "constant",
        fill_value: Annotated[float, Real()] = 0.0,
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__(
            interpolation, probability, fill_mode, fill_value, data_format, targets, seed
        )
        self.degrees = degrees
        self.axes = axes

    def matrices(self, images: ImageSizes, context: Context) -> Tensor:
        """Return a shear for each example."""
        slants = [drawn(self.degrees, images.batch, context) * (math.pi / 180.0) for _ in range(2)]
        x: Number = 0.0 if self.axes == "vertical" else ops.tan(slants[0])
        y: Number = 0.0 if self.axes == "horizontal" else ops.tan(slants[1])
        return matrix_of([[1.0, x, 0.0], [y, 1.0, 0.0]], slants[0])
