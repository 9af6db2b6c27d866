"""Images among the inputs of a model: which they are, and in which order their axes come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from regkit.core.errors import AttachError
from regkit.core.stages import Batch

__all__ = ["map_images", "on_channels_last"]

Tensor = Any


def map_images(
    function: Callable[[Tensor], Tensor], batch: Batch, owner: Any, data_format: str | None = None
) -> Batch:
    """Return a batch with its images changed by a function, and all else as it is.

    Inputs of rank 4 are images; where there is none, those of rank 3 are, grey ones without a
    channel.

    Args:
        function: Takes images of shape (batch, height, width, channels), whatever the batch has
            them in, and returns as many.
        batch: What DATA received.
        owner: The technique, which an error names.
        data_format: How images of rank 4 are: "channels_last", (batch, height, width, channels),
            "channels_first", (batch, channels, height, width), or None for Keras' setting.

    Raises:
        AttachError: where no input is an image.

    Example:
        >>> batch = Batch({"photo": ops.ones((2, 4, 4, 3)), "age": ops.ones((2, 1))})
        >>> found = map_images(lambda x: x[:, :2], batch, "Cropped()", "channels_last")
        >>> {name: tuple(one.shape) for name, one in found.x.items()}
        {'photo': (2, 2, 4, 3), 'age': (2, 1)}
    """
    inputs = [one for one in keras.tree.flatten(batch.x) if one is not None]
    rank = 4 if any(len(one.shape) == 4 for one in inputs) else 3
    if not any(len(one.shape) == rank for one in inputs):
        raise AttachError(
            f"{owner} needs images, (batch, height, width) or with channels; the model's "
            f"inputs have the shapes {', '.join(str(tuple(one.shape)) for one in inputs)}. "
            "Reshape flat pixels, as in x.reshape(-1, 28, 28, 1), and begin the model with "
            "keras.layers.Flatten()"
        )

    def changed(x: Tensor) -> Tensor:
        if x is None or len(x.shape) != rank:
            return x
        return on_channels_last(function, x, data_format)

    return batch.replace(x=keras.tree.map_structure(changed, batch.x))


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
    if (data_format or keras.config.image_data_format()) == "channels_last":
        return function(images)
    return ops.transpose(function(ops.transpose(images, (0, 2, 3, 1))), (0, 3, 1, 2))
