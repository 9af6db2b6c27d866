"""A batch that is moved: all that belongs to an example by one motion."""

from __future__ import annotations

from dataclasses import replace

from keras import ops

from regkit.core.annotations import changed_annotations, refuse_places
from regkit.core.errors import AttachError
from regkit.core.images import images_in, images_of, map_images, on_channels_last, order_of
from regkit.core.joining import map_of
from regkit.core.motion import ImageSizes, Motion
from regkit.core.options.annotated import Annotation
from regkit.core.stages import Batch
from regkit.ops.boxes import moved_boxes
from regkit.ops.geometry import Pixels, as_field, scaled
from regkit.ops.interpolation import displaced
from regkit.ops.pixels import picked
from regkit.ops.points import moved_points
from regkit.types import Tensor

__all__ = [
    "image_sizes",
    "moved",
    "moved_images",
    "refuse_left_behind",
    "refuse_unspoken",
    "sizes_of",
]

_SAY = (
    "Say what they are, by targets='mask' (classes of pixels), 'image' (numbers of pixels), "
    "'boxes', 'keypoints', or 'stay' for what must not move; of several targets by name, "
    "targets={'name': 'mask'}"
)
_SAY_OF_OPAQUE = (
    "They cannot move along, as only the technique knows how it moves the images. Say "
    "targets='stay' where they must not move; else augment images and targets before the fit"
)


def image_sizes(batch: Batch, owner: object, data_format: str | None) -> ImageSizes:
    """Return the sizes of the images in a batch.

    Args:
        batch: What DATA has.
        owner: The technique, which an error names.
        data_format: As in `regkit.core.images`.

    Raises:
        AttachError: where no input is an image of known height, width and channels.
    """
    return sizes_of(images_of(batch, owner, data_format), owner)


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


def refuse_unspoken(
    batch: Batch, owner: object, data_format: str | None, *, pixels_only: bool = False
) -> None:
    """Refuse targets that may say where something is, of which nobody has said what they are.

    Args:
        batch: What DATA has.
        owner: The technique that moves pixels, which an error names.
        data_format: As in `regkit.core.images`.
        pixels_only: Whether only targets of the images' size count.

    Raises:
        AttachError: naming their shape, and what to say.
    """
    images = images_in(batch, data_format)
    refuse_places(batch, images, owner, _SAY, pixels_only=pixels_only)


def refuse_left_behind(batch: Batch, owner: object, data_format: str | None) -> None:
    """Refuse a technique that moves pixels in a way of its own, where others belong to them.

    Raises:
        AttachError: where something is to move with the images, and where targets have a value for
            each pixel of which nobody has said that they stay.
    """
    moving = [name for name, own in batch.annotations.items() if own.kind != "stay"]
    if moving:
        what = ", ".join("the targets" if name is None else repr(name) for name in moving)
        raise AttachError(
            f"{owner!r} moves pixels in a way that only it knows, so that {what} cannot move along "
            "as targets= says. Leave one of both out, or augment all of them before the fit"
        )
    refuse_places(batch, images_in(batch, data_format), owner, _SAY_OF_OPAQUE)


def moved_images(images: Tensor, motion: Motion) -> Tensor:
    """Return images of shape (batch, height, width, channels), moved."""
    _, height, width, _ = images.shape
    place_map = scaled(motion.map, (height, width))
    if isinstance(place_map, Pixels):
        result = picked(images, place_map, *motion.reading[1:])
    else:
        field = as_field(place_map).displacement
        if field.shape[0] == 1 and images.shape[0] != 1:  # one map for all examples
            field = ops.repeat(field, ops.shape(images)[0], axis=0)
        result = displaced(images, field, *motion.reading)
    if motion.still is None:
        return result
    # Also where a backend's coordinates are rounded.
    return ops.where(ops.reshape(motion.still, (-1, 1, 1, 1)), images, result)


def moved(batch: Batch, motion: Motion, owner: object, data_format: str | None) -> Batch:
    """Return a batch whose images are moved, and what belongs to them, all of an example alike.

    Args:
        batch: What DATA has.
        motion: How.
        owner: The technique, which an error names.
        data_format: As in `regkit.core.images`.

    Raises:
        AttachError: where no input is an image, or an annotation has not the shape of its kind.
    """

    def image(images: Tensor) -> Tensor:
        return moved_images(images, motion)

    def mask(images: Tensor, fill: int) -> Tensor:
        return moved_images(
            images, replace(motion, interpolation="nearest", fill_value=float(fill))
        )

    def along(own: Annotation, x: Tensor) -> Tensor:
        _require_shape(own, x, motion, data_format, owner)
        if own.kind == "image":
            return on_channels_last(image, x, data_format)
        if own.kind == "mask":
            return on_channels_last(lambda images: mask(images, own.fill), x, data_format)
        if own.kind == "boxes":
            return moved_boxes(map_of(motion), x, own.format)
        if own.kind == "keypoints":
            places = moved_points(map_of(motion), x[..., :2])
            return ops.concatenate([places, x[..., 2:]], axis=-1)
        return x

    return changed_annotations(map_images(image, batch, owner, data_format), along)


def _require_shape(
    own: Annotation, x: Tensor, motion: Motion, data_format: str | None, owner: object
) -> None:
    """Refuse what has not the shape that its kind has.

    Raises:
        AttachError: naming the shape, and the one that is needed.
    """
    height, width = motion.map.source
    rank = len(x.shape)
    if own.kind in ("image", "mask"):
        first = 2 if rank == 4 and order_of(data_format) == "channels_first" else 1
        fits = rank in (3, 4) and tuple(x.shape[first : first + 2]) == (height, width)
        wanted = f"(batch, {height}, {width}), perhaps with channels, as the images"
    elif own.kind == "boxes":
        fits = rank == 3 and x.shape[2] == 4 and x.shape[1] is not None
        wanted = "(batch, boxes, 4), as many boxes for each example (pad with -1)"
    elif own.kind == "keypoints":
        fits = rank == 3 and x.shape[1] is not None and (x.shape[2] or 0) >= 2
        wanted = "(batch, points, 2), or with further columns, as many points for each example"
    else:
        return
    if not fits:
        raise AttachError(
            f"{owner!r} has targets= with {own.kind!r} for an array of the shape "
            f"{tuple(x.shape)}; it needs {wanted}"
        )
