"""The phase of geometry: how the images of an example move, as values that compose.

A technique that moves pixels has a method `geometry(self, images, context)` which returns a
`Motion`. Neighbours among such techniques are composed into one map, so that each image is read
once, and the map is the same for all images of an example. A `data` method stands between them as
a barrier: what it does to the pixels cannot be known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keras import ops

from regkit.core.errors import AttachError
from regkit.core.images import images_of, map_images
from regkit.core.stages import Batch
from regkit.ops.geometry import (
    Affine,
    PlaceMap,
    Sides,
    as_field,
    composed,
    scaled,
    scaled_size,
)
from regkit.ops.interpolation import displaced
from regkit.types import Tensor

__all__ = ["ImageSizes", "Motion", "image_sizes", "moved", "moved_images", "one_motion", "sizes_of"]


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
        interpolation: "bilinear", "bicubic" or "nearest".
        fill_mode: What lies beyond the border, see `regkit.ops.interpolation`.
        fill_value: The value there, where `fill_mode` is "constant".
        still: Which examples stay as they are, bit for bit: booleans, one for all or one for each
            example; None for none.

    Raises:
        ValueError: for `still` with a map that changes the size of images.
    """

    map: PlaceMap
    interpolation: str = "bilinear"
    fill_mode: str = "constant"
    fill_value: float = 0.0
    still: Tensor | None = None

    def __post_init__(self) -> None:
        if self.still is not None and self.map.size != self.map.source:
            raise ValueError(
                f"images of {self.map.source} cannot stay as they are (still=) in a motion that "
                f"makes them {self.map.size}; leave still out"
            )

    @property
    def reading(self) -> tuple[str, str, float]:
        """How pixels are read."""
        return self.interpolation, self.fill_mode, self.fill_value


def one_motion(first: Motion, then: Motion) -> Motion | None:
    """Return two motions as one, or None where that would show something else than both.

    Example:
        >>> from regkit.ops.geometry import Affine
        >>> turn = Affine(ops.array([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]]), (3, 3), (3, 3))
        >>> twice = one_motion(Motion(turn), Motion(turn))
        >>> ops.convert_to_numpy(twice.map.matrix)[0].tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
        >>> one_motion(Motion(turn), Motion(turn, "nearest")) is None
        True
    """
    affine = isinstance(first.map, Affine) and isinstance(then.map, Affine)
    if first.reading != then.reading or not (affine or first.fill_mode in _PLAIN_BORDERS):
        return None
    still = None
    if first.still is not None and then.still is not None:
        still = ops.logical_and(first.still, then.still)
    return Motion(composed(_map_of(first), _map_of(then)), *first.reading, still)


_PLAIN_BORDERS = ("constant", "nearest")  # beyond them a field goes on as at its border


def _map_of(motion: Motion) -> PlaceMap:
    """Return the map, that of examples which stay as they are the identity."""
    place_map = motion.map
    if motion.still is None:
        return place_map
    still = ops.reshape(motion.still, (-1, 1, 1))
    if isinstance(place_map, Affine):
        identity = ops.cast([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], place_map.matrix.dtype)
        return replace(place_map, matrix=ops.where(still, identity, place_map.matrix))
    moved_by = place_map.displacement
    return replace(place_map, displacement=ops.where(still[..., None], 0.0, moved_by))


def image_sizes(batch: Batch, owner: object, data_format: str | None) -> ImageSizes:
    """Return the sizes of the images in a batch.

    Raises:
        AttachError: where no input is an image of known height, width and channels.
    """
    images = images_of(batch, owner, data_format)
    return sizes_of(images, owner)


def sizes_of(images: list[Tensor], owner: object) -> ImageSizes:
    """Return the sizes of images of shape (batch, height, width, channels).

    Raises:
        AttachError: where height, width or channels of one are not known.
    """
    for x in images:
        if None in x.shape[1:]:
            raise AttachError(
                f"{owner!r} needs images of known height, width and channels; an input has the "
                f"shape {tuple(x.shape)} (batch, height, width, channels). Give it one size, "
                "as by keras.layers.Resizing or dataset.map(lambda x: tf.ensure_shape(x, ...))"
            )
    each = [(x.shape[1], x.shape[2]) for x in images]
    place = max(range(len(each)), key=lambda k: each[k][0] * each[k][1])
    return ImageSizes(ops.shape(images[0])[0], tuple(each), place)


def moved_images(images: Tensor, motion: Motion) -> Tensor:
    """Return images of shape (batch, height, width, channels), moved."""
    _, height, width, _ = images.shape
    field = as_field(scaled(motion.map, (height, width))).displacement
    if field.shape[0] == 1 and images.shape[0] != 1:  # one map for all examples
        field = ops.repeat(field, ops.shape(images)[0], axis=0)
    result = displaced(images, field, *motion.reading)
    if motion.still is None:
        return result
    # Also where a backend's coordinates are rounded.
    return ops.where(ops.reshape(motion.still, (-1, 1, 1, 1)), images, result)


def moved(batch: Batch, motion: Motion, owner: object, data_format: str | None) -> Batch:
    """Return a batch whose images are moved, all of an example alike."""
    return map_images(lambda images: moved_images(images, motion), batch, owner, data_format)
