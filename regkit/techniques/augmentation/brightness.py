"""Images made lighter or darker."""

from __future__ import annotations

from keras import ops

from regkit.techniques.augmentation.pixel_values import ValueChange
from regkit.types import Number, Tensor

__all__ = ["Brightness", "brightened"]


def brightened(images: Tensor, delta: Number, low: Number, high: Number) -> Tensor:
    """Return x + δ·(high − low).

    Example:
        >>> float(brightened(ops.array(1.0), 0.5, 0.0, 4.0))
        3.0
    """
    return images + ops.cast(delta * (high - low), images.dtype)


class Brightness(ValueChange):
    """Make each image lighter or darker, by an amount of its own.

    x + δ·(high − low), cut to the range [low, high], δ ~ U(−delta, delta), the same for all pixels,
    channels and images of an example.

    Args:
        delta: The most in both directions, as a part of the range, at least 0: a number, a
            schedule, or a range (low, high) from which each example draws δ. 0 leaves the step as
            it is.
        value_range: (low, high), the least and the largest value of a pixel. None for (0, 255)
            where images are of 8 bits, else for the least and the largest in each batch.
        probability: The share of examples that are changed; a number or a schedule.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image.

    References:
        Howard 2014, Some improvements on deep convolutional neural network based image
        classification, section 2.

    Example:
        >>> Brightness(0.3)
        Brightness(delta=0.3)
    """

    search_words = ("lighter", "darker", "colour jitter", "illumination")

    def changed(self, images: Tensor, delta: Tensor, low: Number, high: Number) -> Tensor:
        """Return images as the formula has it."""
        return brightened(images, delta, low, high)
