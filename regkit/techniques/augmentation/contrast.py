"""Images of more or less contrast."""

from __future__ import annotations

from keras import ops

from regkit.techniques.augmentation.pixel_values import ValueChange
from regkit.types import Number, Tensor

__all__ = ["Contrast", "contrasted"]


def contrasted(images: Tensor, delta: Number) -> Tensor:
    """Return x + δ·(x − m), m the mean of a channel over its image.

    Example:
        >>> image = ops.reshape(ops.array([1.0, 3.0]), (1, 1, 2, 1))
        >>> ops.convert_to_numpy(contrasted(image, 0.5)).ravel().tolist()
        [0.5, 3.5]
    """
    return images + delta * (images - ops.mean(images, axis=(1, 2), keepdims=True))


class Contrast(ValueChange):
    """Make the contrast of each image stronger or weaker, by a factor of its own.

    m + f·(x − m), cut to the range of values, m the mean of a channel over its image and f ~
    U(1 − delta, 1 + delta), the same for all images of an example. Below −1 a range (low, high)
    would turn light and dark.

    Args:
        delta: The most by which the factor differs from 1, at least 0: a number, a schedule, or a
            range (low, high) of such differences. 0 leaves the step as it is.
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
        >>> Contrast(0.5)
        Contrast(delta=0.5)
    """

    search_words = ("colour jitter", "gain")

    def changed(self, images: Tensor, delta: Tensor, low: Number, high: Number) -> Tensor:
        """Return images as the formula has it."""
        return contrasted(images, delta)
