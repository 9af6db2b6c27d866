"""Mirrored images."""

from __future__ import annotations

from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.motion import ImageSizes, Motion
from regkit.core.options import (
    Boolean,
    DataFormat,
    ProbabilityOption,
    SeedOption,
    TargetsOption,
)
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.ops.pixels import Pixels

__all__ = ["Flip"]

Truth = Annotated[bool, Boolean()]


class Flip(Technique):
    """Mirror images at random: left and right, top and bottom, or both.

    Pixel (x, y) gets the value of (W − 1 − x, y), or of (x, H − 1 − y). Pixels are copied, so the
    result is exact to the bit for every type of image. Right where a mirrored example still belongs
    to its class: photographs of things, not letters or digits. All images of an example are
    mirrored alike, with the masks, boxes and keypoints that `targets` names.

    Args:
        horizontal: Whether left and right may change places.
        vertical: Whether top and bottom may.
        probability: With which an image is mirrored along an axis, for each axis by itself; a
            number or a schedule.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: What moves with the images: "mask", "image", "boxes" or "keypoints" of targets that
            are one array, or a dict of these by the names of targets and inputs.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width.

    References:
        Krizhevsky, Sutskever and Hinton 2012, ImageNet classification with deep convolutional
        neural networks, section 4.1.

    Example:
        >>> Flip(vertical=True)
        Flip(vertical=True)
    """

    needs = ("images",)
    search_words = ("mirror", "horizontal flip", "vertical flip")
    phases = (Phase.GEOMETRY,)

    def __init__(
        self,
        horizontal: Truth = True,
        vertical: Truth = False,
        probability: ProbabilityOption = 0.5,
        *,
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.horizontal = horizontal
        self.vertical = vertical
        self.probability = probability
        self.data_format = data_format
        self.targets = targets
        self.seed = seed

    def is_neutral(self) -> bool:
        """Return whether there is no axis, or the probability is 0."""
        return super().is_neutral() or not (self.horizontal or self.vertical)

    def geometry(self, images: ImageSizes, context: Context) -> Motion:
        """Return for each example which axes are mirrored."""
        hit = context.draws.bernoulli((images.batch, 2), context.value(self.probability))
        allowed = ops.convert_to_tensor([[self.horizontal, self.vertical]])
        mirrored = ops.logical_and(hit, allowed)
        axes = self.horizontal, self.vertical
        pixels = Pixels(mirrored, None, images.largest, images.largest, axes)
        return Motion(pixels, interpolation=None, fill_mode=None)
