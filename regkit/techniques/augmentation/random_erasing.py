"""Images with a rectangle of random size and proportion erased."""

from __future__ import annotations

import math
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.images import images_of
from regkit.core.options import (
    Choice,
    DataFormat,
    Either,
    ProbabilityOption,
    Range,
    Real,
    SeedOption,
)
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.techniques.augmentation.pixel_values import range_of
from regkit.techniques.augmentation.windows import erased_images
from regkit.types import Tensor

__all__ = ["RandomErasing"]


class RandomErasing(Technique):
    """Erase a rectangle of an image, of a size, a proportion and a place of its own.

    Of an image of the area S a rectangle of the area s·S, s ~ U(low, high), with height/width = r,
    ln r uniform, is filled with noise or one value; sides are rounded to whole pixels, and cut to
    the sides of the image. Each place where it lies within the image is as likely. All images of
    an example lose the same part; masks, boxes and keypoints stay.

    Args:
        probability: The share of examples that are erased; a number or a schedule. 0 leaves the
            step as it is.
        area: (low, high) of s, in (0, 1].
        ratio: (low, high) of r, above 0.
        fill: "noise", uniform between the least and the largest value of the batch, anew for each
            pixel and channel; or a number.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width.

    References:
        Zhong et al. 2020, Random erasing data augmentation, section 3.2.

    Example:
        >>> RandomErasing(0.25, fill=0.0)
        RandomErasing(probability=0.25, fill=0.0)
    """

    needs = ("images",)
    search_words = ("occlusion", "erase", "Zhong")
    phases = (Phase.ERASING,)

    def __init__(
        self,
        probability: ProbabilityOption = 0.5,
        area: Annotated[tuple[float, float], Range(Real(0, 1, open_low=True))] = (0.02, 0.33),
        ratio: Annotated[tuple[float, float], Range(Real(0, open_low=True))] = (0.3, 3.3),
        fill: Annotated[float | str, Either(Choice("noise"), Real())] = "noise",
        *,
        data_format: DataFormat = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.probability = probability
        self.area = area
        self.ratio = ratio
        self.fill = fill
        self.data_format = data_format
        self.seed = seed

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with rectangles erased."""
        draws = context.draws

        def windows(batch_size: Tensor | int, rows: int, columns: int) -> list[Tensor]:
            share = draws.uniform((batch_size,), *self.area) * float(rows * columns)
            low, high = (math.log(end) for end in self.ratio)
            root = ops.exp(0.5 * draws.uniform((batch_size,), low, high))
            side = ops.sqrt(share)
            sizes = (side * root, rows), (side / root, columns)
            begin, end = [], []
            for length, limit in sizes:
                whole = ops.clip(ops.round(length), 1.0, float(limit))
                first = ops.floor(draws.uniform((batch_size,)) * (limit - whole + 1.0))
                begin.append(ops.cast(first, "int32"))
                end.append(ops.cast(first + whole, "int32"))
            return begin + end

        low, high = range_of(images_of(batch, self, self.data_format), None, context)

        def filling(images: Tensor) -> Tensor:
            if not isinstance(self.fill, str):
                return ops.full_like(images, self.fill)
            noise = draws.uniform(ops.shape(images)) * (high - low) + low
            return ops.cast(noise, images.dtype)

        return erased_images(self, batch, context, windows, filling)
