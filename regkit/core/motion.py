"""The phase of geometry: how the images of an example move, as values that compose.

A technique that moves pixels has a method `geometry(self, images, context)` which is told the sizes
of the images and returns a `Motion`. Neighbours among such techniques are composed into one map
(`joining.py`), so that each image is read once, and the map is the same for all that belongs to an
example (`moving.py`). A `data` method stands between them as a barrier: what it does to the pixels
cannot be known.
"""

from __future__ import annotations

from dataclasses import dataclass

from regkit.ops.geometry import Pixels, PlaceMap, Sides, scaled_size
from regkit.types import Tensor

__all__ = ["ImageSizes", "Motion"]


@dataclass(frozen=True)
class ImageSizes:
    """The sizes of the images of a batch, which is all that a geometry is told of them.

    Attributes:
        batch: How many examples.
        each: Height and width of each input that is an image.
        place: Which of them is the largest, as the batch came to the phase.
    """

    batch: Tensor | int
    each: tuple[Sides, ...]
    place: int

    @property
    def largest(self) -> Sides:
        """The size for which a motion is meant; the others follow in proportion.

        It stays that of the same input, also where a motion before has made another one larger.
        """
        return self.each[self.place]

    def after(self, motion: Motion) -> ImageSizes:
        """Return the sizes that the images have after a motion."""
        each = tuple(scaled_size(motion.map, size) for size in self.each)
        return ImageSizes(self.batch, each, self.place)


@dataclass(frozen=True)
class Motion:
    """How the images of each example move.

    Two that follow each other are composed, where both read pixels alike: the image is then read
    once, and what the first has moved out of the picture may come back with the second. Fields are
    composed where the border is "constant" or "nearest" only.

    Attributes:
        map: The map of places, for the largest image; of each example, or one for all.
        interpolation: "bilinear", "bicubic" or "nearest"; None where the map is of whole pixels and
            any does.
        fill_mode: What lies beyond the border, see `regkit.ops.interpolation`; None where the map
            leads nowhere beyond it.
        fill_value: The value there, where `fill_mode` is "constant".
        still: Which examples stay as they are, bit for bit: booleans, one for all or one for each
            example; None for none.

    Raises:
        ValueError: for `still` with a map that changes the size of images, or no interpolation for
            one that needs it.
    """

    map: PlaceMap
    interpolation: str | None = "bilinear"
    fill_mode: str | None = "constant"
    fill_value: float = 0.0
    still: Tensor | None = None

    def __post_init__(self) -> None:
        if self.still is not None and self.map.size != self.map.source:
            raise ValueError(
                f"images of {self.map.source} cannot stay as they are (still=) in a motion that "
                f"makes them {self.map.size}; leave still out"
            )
        if self.interpolation is None and not isinstance(self.map, Pixels):
            raise ValueError("interpolation=None is for maps by whole pixels (Pixels)")

    @property
    def reading(self) -> tuple[str, str, float]:
        """How pixels are read; where any way does, one that shows nothing of beyond the border."""
        return self.interpolation or "bilinear", self.fill_mode or "nearest", self.fill_value
