"""Monte Carlo prediction: the average over samples of techniques that perturb layers."""

# Helper module: it has no technique.

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import keras
import numpy as np

from regkit.core.errors import OptionError
from regkit.core.options import Boolean, Choice, Integer, SeedOption, checked_call
from regkit.core.recipe import Recipe
from regkit.core.seam.sampling import Sampler
from regkit.core.technique import Technique
from regkit.types import Array

__all__ = ["mc_predict"]


@checked_call
def mc_predict(
    model: keras.Model,
    x: object,
    techniques: str | Technique | Iterable[Technique],
    n_samples: Annotated[int, Integer(1)] = 100,
    seed: SeedOption = None,
    *,
    average: Annotated[str, Choice("outputs", "activations")] = "outputs",
    return_std: Annotated[bool, Boolean()] = False,
    batch_size: Annotated[int, Integer(1)] = 128,
) -> Any:
    """Return the model's predictions averaged over samples of techniques that perturb its layers.

    With `average="outputs"`, ŷ = 1/n Σ f(x; mask_s), which is Monte Carlo dropout; a sample with
    `mask="batch"` is one network for all of x. With `average="activations"` each perturbed layer is
    sampled n times and passes on the average after its activation, and the layers after it compute
    once: with `DropConnect(mask="gaussian")` this is the inference of Wan et al. The standard error
    of the average falls with 1/√n.

    Args:
        model: A built model, which stays as it is.
        x: Inputs as `model.predict` takes arrays: an array, or a dict or list of them.
        techniques: A recipe, as objects or as text. Those that act on inputs, targets, loss or
            weights have no effect on a prediction.
        n_samples: At least 1.
        seed: For techniques without a seed of their own, at least 0; None follows
            `keras.utils.set_random_seed`.
        average: "outputs" or "activations".
        return_std: Whether to return also the standard deviation over the samples, with
            `average="outputs"`.
        batch_size: Examples at a time.

    Returns:
        The means, NumPy arrays in the structure of the model's outputs; with `return_std` a pair of
        means and standard deviations.

    Raises:
        OptionError: for an impossible option, or inputs of different lengths.
        AttachError: where no technique perturbs a layer, or the model is not built.

    References:
        Wan et al. 2013, Regularization of neural networks using DropConnect, algorithm 2; Gal and
        Ghahramani 2016, Dropout as a Bayesian approximation.

    Example:
        >>> import regkit
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"),
        ...                           keras.layers.Dense(1)])
        >>> mean, std = regkit.mc_predict(
        ...     model, np.ones((5, 4)), "drop_connect(0.5)", n_samples=20, return_std=True)
        >>> mean.shape, bool((std > 0).all())
        ((5, 1), True)
    """
    if return_std and average == "activations":
        raise OptionError(
            'return_std=True needs average="outputs": with "activations" the outputs are computed '
            "once, from averages"
        )
    recipe = Recipe(techniques)
    per_layer = n_samples if average == "activations" else None
    sampler = Sampler(model, recipe, seed, per_layer)
    means, spreads = [], []
    for part, batch in enumerate(_batches(x, batch_size)):
        samples = 1 if per_layer else n_samples
        outputs = (sampler.predict(batch, sample, part) for sample in range(samples))
        mean, spread = _moments(outputs)
        means.append(mean)
        spreads.append(spread)
    mean = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *means)
    if not return_std:
        return mean
    return mean, keras.tree.map_structure(lambda *parts: np.concatenate(parts), *spreads)


def _moments(outputs: Iterable[Any]) -> tuple[Any, Any]:
    """Return mean and standard deviation over samples, by Welford's sums."""
    count = 0
    for output in outputs:
        count += 1
        new = keras.tree.map_structure(
            lambda y: np.asarray(keras.ops.convert_to_numpy(y), dtype="float64"), output
        )
        if count == 1:
            mean, squares = new, keras.tree.map_structure(np.zeros_like, new)
            continue
        before = mean
        mean = keras.tree.map_structure(lambda m, y: m + (y - m) / count, before, new)  # noqa: B023
        squares = keras.tree.map_structure(
            lambda s, m, b, y: s + (y - b) * (y - m), squares, mean, before, new
        )
    spread = keras.tree.map_structure(lambda s: np.sqrt(s / count).astype("float32"), squares)
    return keras.tree.map_structure(lambda m: m.astype("float32"), mean), spread


def _batches(x: object, size: int) -> Iterator[Any]:
    arrays = keras.tree.map_structure(lambda array: np.asarray(array), x)
    lengths = {len(array) if array.ndim else 0 for array in keras.tree.flatten(arrays)}
    if len(lengths) != 1 or 0 in lengths:
        raise OptionError(
            "x must be an array, or a dict or list of arrays, all with the same number of "
            f"examples, at least 1; their lengths are {sorted(lengths)}"
        )
    for start in range(0, lengths.pop(), size):
        rows = slice(start, start + size)
        yield keras.tree.map_structure(
            lambda array, rows=rows: keras.ops.convert_to_tensor(_in_floatx(array[rows])),
            arrays,
        )


def _in_floatx(array: Array) -> Array:
    return array.astype(keras.config.floatx()) if array.dtype == np.float64 else array
