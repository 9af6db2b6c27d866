"""Images with a square cut out."""

from __future__ import annotations

from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.options import (
    DataFormat,
    Either,
    Integer,
    Pair,
    ProbabilityOption,
    Real,
    SeedOption,
)
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.techniques.augmentation.windows import erased_images
from regkit.types import Tensor

__all__ = ["Cutout"]


class Cutout(Technique):
    """Set a square of each image to one value, at a place of its own.

    The center of the square is uniform over the pixels of the image, and what lies beyond the
    border is cut off, so that squares at the border are smaller. All images of an example lose the
    same part; masks, boxes and keypoints stay.

    Args:
        size: The side in pixels, at least 1, or a pair (height, width); of the largest image, in
            proportion in the others.
        fill_value: What is put there; 0 is right where images have mean 0.
        probability: The share of examples that are cut; a number or a schedule. 0 leaves the step
            as it is.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width.

    References:
        DeVries and Taylor 2017, Improved regularization of convolutional neural networks with
        cutout, section 3.2.

    Example:
        >>> Cutout(16)
        Cutout(size=16)
    """

    needs = ("images",)
    search_words = ("square", "occlusion", "mask out", "DeVries")
    phases = (Phase.ERASING,)

    def __init__(
        self,
        size: Annotated[int | tuple[int, int], Either(Integer(1), Pair(Integer(1)))] = 8,
        *,
        fill_value: Annotated[float, Real()] = 0.0,
        probability: ProbabilityOption = 1.0,
        data_format: DataFormat = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.fill_value = fill_value
        self.probability = probability
        self.data_format = data_format
        self.seed = seed

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with squares cut out."""
        height, width = (self.size,) * 2 if isinstance(self.size, int) else self.size

        def windows(batch_size: Tensor | int, rows: int, columns: int) -> list[Tensor]:
            y = context.draws.integers((batch_size,), 0, rows) - height // 2
            x = context.draws.integers((batch_size,), 0, columns) - width // 2
            return [y, x, y + height, x + width]

        return erased_images(self, batch, context, windows, self._fill)

    def _fill(self, images: Tensor) -> Tensor:
        return ops.full_like(images, self.fill_value)
