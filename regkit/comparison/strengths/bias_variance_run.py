"""`regkit.bias_variance`: what of an error is bias and what is variance, against strength."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from regkit.comparison.design.networks import resolve
from regkit.comparison.design.seeds import repeats
from regkit.comparison.design.settings import (
    Column,
    Columns,
    Count,
    Fraction,
    OptionalCount,
    TaskName,
)
from regkit.comparison.strengths.error_parts import (
    ERRORS,
    BiasVariance,
    decomposed,
    error_to_part,
    finite_replicates,
)
from regkit.comparison.strengths.held_out import bootstrap_replicates
from regkit.comparison.strengths.strength_fits import How, default_batch_size, fit_strengths
from regkit.comparison.strengths.strength_grid import Source, strength_grid
from regkit.core import draws as random_draws
from regkit.core.model_building import BuildModel
from regkit.core.options import Choice, Integer, checked_call
from regkit.core.recipe import Recipe
from regkit.data.sources import load

__all__ = ["bias_variance"]

_ERRORS = [name for errors in ERRORS.values() for name in errors]


@checked_call
def bias_variance(
    build_model: str | BuildModel,
    data: object,
    recipe: Source = "",
    *,
    replicates: Annotated[int, Integer(2)] = 20,
    epochs: Count = 80,
    batch_size: OptionalCount = None,
    test_size: Fraction = 0.2,
    measure: Annotated[str | None, Choice(*_ERRORS, optional=True)] = None,
    seed: Annotated[int | None, Integer(0, optional=True)] = None,
    target: Column = None,
    ignore: Columns = None,
    task: TaskName = None,
    engine: Annotated[str, Choice("auto", "vectorized", "sequential")] = "auto",
) -> BiasVariance:
    """Split a model's error into bias and variance, over bootstrap replicates of its training data.

    `E(y − h)² = (y − E h)² + E(h − E h)²`, bias² plus variance, for a regression and for
    probabilities of classes (Brier score); for the rate of errors the bias is that of the main
    prediction, and the variance the net one of Domingos. A replicate is a sample, as large as the
    training part and drawn from it with replacement, with an initialization of its own; all are
    tested on the same examples. With alternatives, `"l2(1e-5..1e-1)"`, it is done at every strength
    and without the technique, on the same replicates, from the same initializations.

    The noise of the targets is within the bias. So is what bootstrap samples add, which have fewer
    different examples than the training part. Both are much the same for all strengths: look at
    differences between strengths. To choose a strength, use `regkit.path`.

    Args:
        build_model: As `regkit.path` takes it; `member` is the number of the replicate.
        data: As `regkit.path` takes it. A test part of its own is the one that is tested on.
        recipe: A recipe, by default no technique; or one in which one strength has alternatives.
        replicates: The number of bootstrap replicates, at least 2.
        epochs: The number of epochs that every member trains.
        batch_size: The number of examples a step; None is a quarter of the training examples, but
            at least 16 and at most 256.
        test_size: The fraction of each class that is tested on.
        measure: "brier" or "zero_one"; for a regression "squared_error". None is the first.
        seed: The root of all seeds; None follows `keras.utils.set_random_seed`.
        target: The target column of a table.
        ignore: Columns of a table to leave out.
        task: "classification" or "regression"; None sees it from the targets.
        engine: As `regkit.fit_members` takes it.

    Returns:
        The parts: print them for a table; `.figure()`, `.save("parts.svg")`.

    Raises:
        RegkitError: where several options vary; for data, models and options that cannot be; and
            where all training diverges. Replicates that diverge are left out by name.

    Source: Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma" (1992);
    Domingos, "A unified bias-variance decomposition and its applications" (2000).

    Example:
        >>> import numpy as np
        >>> random = np.random.default_rng(0)
        >>> x = random.normal(size=(60, 8))
        >>> y = x[:, 0] + random.normal(size=60)
        >>> parts = bias_variance("mlp", (x, y), "l2(0.1)", replicates=3, epochs=2, seed=0)
        >>> parts.error.shape, bool(np.allclose(parts.error, parts.bias + parts.variance))
        ((1,), True)
    """
    grid = strength_grid(recipe, "bias_variance")
    recipes = (str(Recipe(recipe)),) if grid is None else grid.recipes
    dataset = load(data, target=target, ignore=ignore, task=task)
    error = error_to_part(measure, dataset.task)
    build, model = resolve(build_model)
    root = random_draws.ambient_seed() if seed is None else seed
    draws = bootstrap_replicates(dataset, replicates, root, test_size)
    size = batch_size or default_batch_size(draws[0])
    fits = fit_strengths(
        build,
        dataset,
        recipes,
        draws,
        [repeat.init_seed for repeat in repeats(1, replicates, root)],
        How(epochs, size, engine),
        lambda draw: draw.x_held_out,
    )
    y = draws[0].y_held_out
    parts, diverged = [], {}
    for number, text in enumerate(recipes):
        outputs = np.stack([rows[number] for rows in fits.outputs])
        usable = finite_replicates(outputs)
        parts.append(decomposed(error, outputs[usable], y))
        if not usable.all():
            diverged[text] = np.flatnonzero(~usable).tolist()
    return BiasVariance(
        option=None if grid is None else grid.option,
        strengths=() if grid is None else grid.strengths,
        recipes=recipes,
        measure=error,
        parts=tuple(parts),
        diverged=diverged,
        settings={
            "data": dataset.name,
            "model": model,
            "replicates": replicates,
            "epochs": epochs,
            "batch_size": size,
            "test_size": test_size,
            "n_test": len(y),
            "seed": root,
        },
        engine=fits.engine,
        reason=fits.reason,
    )
