"""Images scaled, and cut to their size."""

from __future__ import annotations

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
    Border,
    Kernel,
    matrix_of,
)
from regkit.types import Schedule, Tensor

__all__ = ["ScaleCrop"]

Factor = Annotated[
    float | Schedule | tuple[float, float],
    Either(Real(1, neutral=1, schedule=True), Range(Real(0, open_low=True))),
]


class ScaleCrop(AffineMotion):
    """Scale each image by a factor of its own, and cut a window of the old size at a random place.

    The pixel at p − c from the center gets the value at (p − c)/s + d, s ~ U(1, scale): a part of
    the image of 1/s of its sides fills the picture, and of all such parts each is as likely. Below
    1 the image is made smaller, whole, and lies somewhere in the picture. The proportion of the
    sides stays.

    Args:
        scale: The largest factor, at least 1: a number, a schedule, or a range (low, high)
            above 0. 1 leaves the step as it is.
        interpolation: "bilinear", "bicubic" or "nearest".
        probability: The share of examples that are scaled; a number or a schedule.
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
        Goodfellow et al. 2016, Deep Learning, section 7.4; Simonyan and Zisserman 2015, Very deep
        convolutional networks for large-scale image recognition, section 3.1.

    Example:
        >>> ScaleCrop(1.5)
        ScaleCrop(scale=1.5)
    """

    search_words = ("zoom", "scale augmentation", "rescale", "random resized crop")

    def __init__(
        self,
        scale: Factor = 1.25,
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
        self.scale = scale

    def matrices(self, images: ImageSizes, context: Context) -> Tensor:
        """Return a scaling and a place for each example."""
        if isinstance(self.scale, tuple):
            factor = context.draws.uniform((images.batch,), *self.scale)
        else:
            most = context.value(self.scale)
            factor = 1.0 + context.draws.uniform((images.batch,)) * (most - 1.0)
        height, width = images.largest
        # Of the picture's side 1/s is seen, or the image covers s of it: what is left is free.
        left = ops.abs(1.0 - 1.0 / factor) / 2.0
        across = context.draws.uniform((images.batch,), -1.0, 1.0) * left * float(width)
        down = context.draws.uniform((images.batch,), -1.0, 1.0) * left * float(height)
        return matrix_of([[1.0 / factor, 0.0, across], [0.0, 1.0 / factor, down]], factor)
