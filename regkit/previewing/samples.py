"""Images before and after a recipe, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from regkit.core.errors import AttachError
from regkit.core.images import images_of
from regkit.core.method import Method
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch, Stage
from regkit.types import Array

__all__ = ["Samples", "sampled"]


@dataclass(frozen=True)
class Samples:
    """Images before and after a recipe.

    Attributes:
        before: (examples, height, width, channels).
        after: The same examples by other draws, (draws, examples, height, width, channels).
        silent: The techniques of the recipe that change no inputs, as text.
    """

    before: Array
    after: Array
    silent: tuple[str, ...]


def sampled(recipe: Sequence[Method], x: Array, n_draws: int, seed: int) -> Samples:
    """Return images before a recipe, and after it by several draws, those of as many steps.

    Args:
        recipe: The techniques.
        x: Images, (examples, height, width, channels), or without channels.
        n_draws: How many draws.
        seed: Of techniques that have none of their own.

    Raises:
        AttachError: for what is no image, or a recipe that changes no inputs.

    Example:
        >>> import regkit
        >>> x = np.zeros((3, 8, 8, 1), "float32")
        >>> sampled(list(regkit.Recipe("flip + l2(1e-4)")), x, 2, 0).after.shape
        (2, 3, 8, 8, 1)
    """
    batch = Batch(keras.ops.convert_to_tensor(x))
    images_of(batch, "a preview", "channels_last")
    acting = [one for one in recipe if Stage.DATA in one.stages() and not one.is_neutral()]
    if not acting:
        raise AttachError(
            "a preview shows what a recipe makes of images, and none of its techniques changes "
            f"inputs: {', '.join(map(repr, recipe)) or 'it is empty'}. Those of the chapters "
            "augmentation and noise do (regkit list)"
        )
    after = [
        keras.ops.convert_to_numpy(changed_batch(acting, batch, step=step, seed=seed).x)
        for step in range(n_draws)
    ]
    silent = tuple(repr(one) for one in recipe if one not in acting)
    return Samples(_with_channels(x), np.stack([_with_channels(one) for one in after]), silent)


def _with_channels(x: Array) -> Array:
    return x[..., None] if x.ndim == 3 else x
