"""Images among the inputs of a model: which they are, and in which order their axes come."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from regkit.core.annotations import filled, without
from regkit.core.errors import AttachError
from regkit.core.stages import Batch
from regkit.types import Nest, Tensor

__all__ = ["images_in", "images_of", "map_images", "on_channels_last", "order_of"]


def map_images(
    function: Callable[[Tensor], Tensor],
    batch: Batch,
    owner: object,
    data_format: str | None = None,
) -> Batch:
    """Return a batch with its images changed by a function, and all else as it is.

    Inputs of rank 4 are images; where there is none, those of rank 3 are, grey ones without a
    channel. Several are views of one example, such as left and right, or a photograph and its map:
    what moves them draws once, by `images_of`, before it comes here. What `batch.annotations` names
    (a mask among the inputs) is none of them.

    Args:
        function: Takes images of shape (batch, height, width, channels), whatever the batch has
            them in, and returns as many. It is called for each input that is one.
        batch: What DATA received.
        owner: The technique, which an error names.
        data_format: How images of rank 4 are: "channels_last", (batch, height, width, channels),
            "channels_first", (batch, channels, height, width), or None for Keras' setting.

    Raises:
        AttachError: where no input is an image.

    Example:
        >>> batch = Batch({"photo": ops.ones((2, 4, 4, 3)), "age": ops.ones((2, 1))})
        >>> cropped = map_images(lambda x: x[:, :2], batch, "Cropped()", "channels_last")
        >>> {name: tuple(x.shape) for name, x in cropped.x.items()}
        {'photo': (2, 2, 4, 3), 'age': (2, 1)}
    """
    inputs = without(batch).x
    rank = _rank(inputs, owner)

    def changed(x: Tensor) -> Tensor:
        if x is None or len(x.shape) != rank:
            return x
        return on_channels_last(function, x, data_format)

    return batch.replace(x=filled(keras.tree.map_structure(changed, inputs), batch.x))


def images_of(batch: Batch, owner: object, data_format: str | None = None) -> list[Tensor]:
    """Return the images among the inputs, channels last, for what is drawn once for all of them.

    Args:
        batch: As in `map_images`.
        owner: Likewise.
        data_format: Likewise.

    Raises:
        AttachError: where no input is an image.

    Example:
        >>> batch = Batch([ops.ones((2, 4, 4, 3)), ops.ones((2, 8, 8, 1)), ops.ones((2, 1))])
        >>> [tuple(x.shape) for x in images_of(batch, "Cropped()", "channels_last")]
        [(2, 4, 4, 3), (2, 8, 8, 1)]
    """
    images: list[Tensor] = []

    def noted(x: Tensor) -> Tensor:
        images.append(x)
        return x

    map_images(noted, batch, owner, data_format)
    return images


def images_in(batch: Batch, data_format: str | None = None) -> list[Tensor]:
    """Return the images among the inputs, as `images_of`; none where there is none.

    Example:
        >>> images_in(Batch({"table": ops.ones((2, 3))}))
        []
    """
    inputs = [x for x in keras.tree.flatten(without(batch).x) if x is not None]
    is_there = any(len(x.shape) in (3, 4) for x in inputs)
    return images_of(batch, "", data_format) if is_there else []


def _rank(given: Nest, owner: object) -> int:
    """Return the rank of the inputs that are images."""
    inputs = [x for x in keras.tree.flatten(given) if x is not None]
    ranks = [len(x.shape) for x in inputs]
    if 4 not in ranks and 3 not in ranks:
        todo = (
            "Reshape flat pixels, as in x.reshape(-1, 28, 28, 1), and begin the model with "
            "keras.layers.Flatten()"
            if max(ranks, default=0) < 3
            else "Videos and volumes are no images; give each of their images as an example"
        )
        raise AttachError(
            f"{owner} needs images, (batch, height, width) or with channels; the model's "
            f"inputs have the shapes {', '.join(str(tuple(x.shape)) for x in inputs)}. {todo}"
        )
    return 4 if 4 in ranks else 3


def order_of(data_format: str | None) -> str:
    """Return how the axes of images come: as an option says, or by Keras' setting.

    Example:
        >>> order_of("channels_first"), order_of(None)
        ('channels_first', 'channels_last')
    """
    return data_format or str(keras.config.image_data_format())


def on_channels_last(
    function: Callable[[Tensor], Tensor], images: Tensor, data_format: str | None = None
) -> Tensor:
    """Return function(images), called with channels as the last axis, in the order that was given.

    Args:
        function: As in `map_images`.
        images: Of rank 4 in `data_format`, or of rank 3 without channels.
        data_format: As in `map_images`.

    Example:
        >>> first = ops.ones((2, 3, 8, 8))
        >>> tuple(on_channels_last(lambda x: x[:, :4], first, "channels_first").shape)
        (2, 3, 4, 8)
    """
    if len(images.shape) == 3:
        return function(images[..., None])[..., 0]
    if order_of(data_format) == "channels_last":
        return function(images)
    return ops.transpose(function(ops.transpose(images, (0, 2, 3, 1))), (0, 3, 1, 2))
