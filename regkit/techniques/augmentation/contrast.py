"""Images of more or less contrast."""

from __future__ import annotations

from keras import ops

from regkit.core.context import Context
from regkit.core.options import DataFormat, ProbabilityOption, SeedOption
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.techniques.augmentation.pixel_values import ValueRange, changed_values, per_example
from regkit.techniques.augmentation.spans import Span
from regkit.types import Number, Tensor

__all__ = ["Contrast"]


class Contrast(Technique):
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

    needs = ("images",)
    search_words = ("colour jitter", "gain")
    phases = (Phase.COLOUR,)

    def __init__(
        self,
        delta: Span = 0.3,
        *,
        value_range: ValueRange = None,
        probability: ProbabilityOption = 1.0,
        data_format: DataFormat = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.delta = delta
        self.value_range = value_range
        self.probability = probability
        self.data_format = data_format
        self.seed = seed

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with images of other contrast."""
        change_of = per_example(self.delta, self.probability, batch, context)

        def change(images: Tensor, low: Number, high: Number) -> Tensor:
            mean = ops.mean(images, axis=(1, 2), keepdims=True)
            # Added, so that what does not change stays bit for bit.
            return images + ops.cast(change_of, images.dtype) * (images - mean)

        return changed_values(self, batch, self.data_format, self.value_range, change)
