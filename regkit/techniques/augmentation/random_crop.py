"""Windows cut from images at random places."""

from __future__ import annotations

from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.motion import ImageSizes, Motion
from regkit.core.options import (
    DataFormat,
    Either,
    Integer,
    Pair,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.ops.geometry import Sides
from regkit.ops.pixels import Pixels
from regkit.techniques.augmentation.affine_motion import Border

__all__ = ["RandomCrop"]

Size = Annotated[
    int | tuple[int, int] | None,
    Either(Integer(1, optional=True), Pair(Integer(1))),
]


class RandomCrop(Technique):
    """Cut a window out of each image, at a place of its own, by whole pixels.

    The image is padded by P pixels on every side, and of all windows of the wanted size one is
    taken, each as likely. Pixels are copied, exact to the bit. By default the window has the size
    of the image, which then moves by up to P pixels: the usual augmentation of CIFAR. With a `size`
    of its own the model must take images of that size in training, and it is validated on whole
    ones.

    Args:
        padding: P, a whole number of at least 0, in pixels; None for 4, or for 0 where `size` is
            given. 0 without a size leaves the step as it is.
        size: Height and width of the window in pixels, or a number for both; None for the image's.
        fill_mode: What lies beyond the border: "constant", "nearest", "wrap", "mirror" or
            "reflect".
        fill_value: The value there, where `fill_mode` is "constant".
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: What moves with the images, see `Flip`.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width, or the
            window is larger than the padded image.

    References:
        He et al. 2016, Deep residual learning for image recognition, section 4.2.

    Example:
        >>> RandomCrop(2)
        RandomCrop(padding=2)
    """

    needs = ("images",)
    search_words = ("crop", "pad and crop", "jitter", "shift")
    phases = (Phase.GEOMETRY,)

    def __init__(
        self,
        padding: Annotated[int | None, Integer(0, optional=True, neutral=0)] = None,
        *,
        size: Size = None,
        fill_mode: Border = "constant",
        fill_value: Annotated[float, Real()] = 0.0,
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.padding = padding
        self.size = size
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.data_format = data_format
        self.targets = targets
        self.seed = seed

    def is_neutral(self) -> bool:
        """Return whether there is one window only, the image."""
        return self.padding == 0 and self.size is None

    def geometry(self, images: ImageSizes, context: Context) -> Motion:
        """Return a window for each example.

        Raises:
            AttachError: where it is larger than the padded image.
        """
        source = images.largest
        size = self._size(source)
        padding = self.padding if self.padding is not None else (4 if self.size is None else 0)
        places = [side + 2 * padding - own + 1 for side, own in zip(source, size, strict=True)]
        if min(places) < 1:
            raise AttachError(
                f"{self!r} cannot cut windows of {size} out of images of {source}; give a smaller "
                "size, or more padding"
            )
        y, x = (context.draws.integers((images.batch,), -padding, n - padding) for n in places)
        pixels = Pixels(None, ops.stack([x, y], axis=-1), source, size)
        border = self.fill_mode if padding else None
        return Motion(pixels, None, border, self.fill_value)

    def _size(self, source: Sides) -> Sides:
        if self.size is None:
            return source
        height, width = (self.size,) * 2 if isinstance(self.size, int) else self.size
        return height, width
