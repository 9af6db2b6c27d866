"""Images made lighter or darker."""

from __future__ import annotations

from keras import ops

from regkit.core.context import Context
from regkit.core.options import DataFormat, ProbabilityOption, SeedOption
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.techniques.augmentation.pixel_values import ValueRange, changed_values, per_example
from regkit.techniques.augmentation.spans import Span
from regkit.types import Number, Tensor

__all__ = ["Brightness"]


class Brightness(Technique):
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

    needs = ("images",)
    search_words = ("lighter", "darker", "colour jitter", "illumination")
    phases = (Phase.COLOUR,)

    def __init__(
        self,
        delta: Span = 0.2,
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
        """Return the batch with lighter and darker images."""
        delta = per_example(self.delta, self.probability, batch, context)

        def change(images: Tensor, low: Number, high: Number) -> Tensor:
            return images + ops.cast(delta * (high - low), images.dtype)

        return changed_values(self, batch, self.data_format, self.value_range, change)
