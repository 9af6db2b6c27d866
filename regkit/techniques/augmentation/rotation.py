"""Turned images."""

from __future__ import annotations

import math
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.motion import ImageSizes
from regkit.core.options import (
    DataFormat,
    ProbabilityOption,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.techniques.augmentation.affine_motion import (
    AffineMotion,
    Border,
    Kernel,
    matrix_of,
)
from regkit.techniques.augmentation.spans import Span, drawn
from regkit.types import Tensor

__all__ = ["Rotation"]


class Rotation(AffineMotion):
    """Turn each image about its center, by an angle of its own.

    The pixel at p − c from the center gets the value at R(θ)·(p − c), R(θ) = (cos θ, −sin θ; sin θ,
    cos θ) in the order x, y, θ ~ U(−degrees, degrees). A positive angle turns counterclockwise.

    Args:
        degrees: The most in both directions, at least 0, in degrees: a number, a schedule, or a
            range (low, high) from which each example draws its angle. 0 leaves the step as it is.
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are turned; a number or a schedule.
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
        Shorten and Khoshgoftaar 2019, A survey on image data augmentation for deep learning,
        section 3.1.

    Example:
        >>> Rotation(15.0)
        Rotation(degrees=15.0)
    """

    search_words = ("rotate", "turn", "angle")

    def __init__(
        self,
        degrees: Span = 10.0,
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

    def matrices(self, images: ImageSizes, context: Context) -> Tensor:
        """Return a rotation for each example."""
        angle = drawn(self.degrees, images.batch, context) * (math.pi / 180.0)
        cos, sin = ops.cos(angle), ops.sin(angle)
        return matrix_of([[cos, -sin, 0.0], [sin, cos, 0.0]], angle)
