"""Shifted images."""

from __future__ import annotations

from typing import Annotated

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
    Axes,
    Border,
    Kernel,
    matrix_of,
)
from regkit.techniques.augmentation.spans import Span, drawn
from regkit.types import Number, Tensor

__all__ = ["Translation"]


class Translation(AffineMotion):
    """Shift each image, by a part of its sides.

    The pixel at (x, y) gets the value at (x − a·W, y − b·H), a and b ~ U(−shift, shift), in an
    image of width W and height H. `RandomCrop` shifts by whole pixels, exactly.

    Args:
        shift: The most in both directions, as a part of the side, at least 0: a number, a schedule,
            or a range (low, high). 0 leaves the step as it is.
        axes: "both", "horizontal" or "vertical".
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are shifted; a number or a schedule.
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
        >>> Translation(0.2)
        Translation(shift=0.2)
    """

    search_words = ("translate", "move")

    def __init__(
        self,
        shift: Span = 0.1,
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
        self.shift = shift
        self.axes = axes

    def matrices(self, images: ImageSizes, context: Context) -> Tensor:
        """Return a shift for each example."""
        height, width = images.largest
        across = drawn(self.shift, images.batch, context) * -float(width)
        down = drawn(self.shift, images.batch, context) * -float(height)
        x: Number = 0.0 if self.axes == "vertical" else across
        y: Number = 0.0 if self.axes == "horizontal" else down
        return matrix_of([[1.0, 0.0, x], [0.0, 1.0, y]], across)
