"""`regkit.augment`: what a recipe makes of data, outside of any fit."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import keras

from regkit.augmenting.py_dataset import AugmentedPyDataset
from regkit.augmenting.transform import Transform
from regkit.augmenting.whole_arrays import augmented_arrays
from regkit.core.errors import AttachError
from regkit.core.options import Integer, checked_call
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique

__all__ = ["augment"]


@checked_call
def augment(
    data: object,
    recipe: str | Technique | Iterable[Technique],
    *,
    seed: Annotated[int, Integer(0)] = 0,
    epoch: Annotated[int, Integer(0)] = 0,
    batch_size: Annotated[int, Integer(1)] = 256,
) -> Any:
    """Return data as a recipe makes it, for a pipeline, a file, or a model of another library.

    The code is that of the training step, and targets move with images as there. Each example is
    changed by itself: its numbers follow from (seed, epoch, its place in the data) and nothing
    else, whatever the batches, threads or backend; they are others than those of a fit, which
    follow from the step. A dataset draws anew each time that it is read to its end.

    Args:
        data: An array or a nest of arrays; (x, y) or (x, y, sample_weight) of such; a
            `tf.data.Dataset` or `keras.utils.PyDataset` of batches.
        recipe: Techniques that act at DATA only, or their text.
        seed: Of techniques that have none of their own.
        epoch: The number of the pass, or of a dataset's first one.
        batch_size: How many examples of arrays are changed at once, which changes no number.

    Returns:
        Data of the same form: arrays of NumPy, or a dataset.

    Raises:
        AttachError: for another form of data, a technique that acts elsewhere (`Dropout`) or mixes
            examples (`MixUp`), or one that has a schedule.
        OptionError: for an impossible option.
        RecipeError: for a text that is no recipe.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).random((5, 8, 8, 1)).astype("float32")
        >>> whole = augment(x, "flip + rotation(10)", seed=1)
        >>> whole.shape, bool((augment(x[:2], "flip + rotation(10)", seed=1) == whole[:2]).all())
        ((5, 8, 8, 1), True)
    """
    techniques = list(recipe if isinstance(recipe, Recipe) else Recipe(recipe))
    transform = Transform(techniques, seed)
    if isinstance(data, keras.utils.PyDataset):
        return AugmentedPyDataset(data, transform, epoch)
    tensorflow = sys.modules.get("tensorflow")  # who has a dataset of it has imported it
    if tensorflow is not None and isinstance(data, tensorflow.data.Dataset):
        from regkit.augmenting.tf_data import augmented_dataset

        return augmented_dataset(data, transform, epoch)
    alone = not isinstance(data, tuple)
    parts: Any = (data,) if alone else data
    _require_arrays(parts)
    result = augmented_arrays(parts, transform, epoch, batch_size)
    return result[0] if alone else result


def _require_arrays(parts: Any) -> None:
    leaves = [leaf for leaf in keras.tree.flatten(parts) if leaf is not None]
    wrong = [leaf for leaf in leaves if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype")]
    if wrong or not 1 <= len(parts) <= 3:
        what = type(wrong[0]).__name__ if wrong else f"a tuple of {len(parts)}"
        raise AttachError(
            "augment takes arrays: x, (x, y) or (x, y, sample_weight), a tf.data.Dataset or a "
            f"keras.utils.PyDataset; received {what}. Make lists arrays by np.asarray; of a "
            "generator or a DataLoader take batches and augment each, with epoch= and "
            "seed= of its own"
        )
