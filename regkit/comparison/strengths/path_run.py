"""`regkit.path`: a measure against the strength of a technique, and the strength to use."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from regkit.comparison.design.networks import resolve
from regkit.comparison.design.seeds import repeats as seeds_of_repeats
from regkit.comparison.design.settings import (
    Column,
    Columns,
    Count,
    Fraction,
    OptionalCount,
    TaskName,
)
from regkit.comparison.strengths.held_out import Draw, splits
from regkit.comparison.strengths.path_measures import PATH_MEASURES, measured, path_measure
from regkit.comparison.strengths.path_result import Curve, RegularizationPath
from regkit.comparison.strengths.strength_fits import How, default_batch_size, fit_strengths
from regkit.comparison.strengths.strength_grid import Source, strength_grid
from regkit.core import draws as random_draws
from regkit.core.errors import RegkitError
from regkit.core.model_building import BuildModel
from regkit.core.options import Choice, Integer, checked_call
from regkit.data.sources import load
from regkit.types import Array

__all__ = ["path"]

_MEASURES = [measure.key for measures in PATH_MEASURES.values() for measure in measures]


@checked_call
def path(
    build_model: str | BuildModel,
    data: object,
    recipe: Source,
    *,
    repeats: Count = 10,
    epochs: Count = 80,
    batch_size: OptionalCount = None,
    validation_size: Fraction = 0.2,
    measure: Annotated[str | None, Choice(*_MEASURES, optional=True)] = None,
    seed: Annotated[int | None, Integer(0, optional=True)] = None,
    target: Column = None,
    ignore: Columns = None,
    task: TaskName = None,
    engine: Annotated[str, Choice("auto", "vectorized", "sequential")] = "auto",
) -> RegularizationPath:
    """Train a model at every strength of a technique, and say which strength to use.

    Each repeat is a random split of the data into a training and a validation part, stratified by
    class, with an initialization and an order of its own; every strength of a repeat has the same.
    All strengths and repeats train as members of one computation where they can. The model without
    the technique is among them, as strength 0.

    To use is the strongest whose validation mean is within one standard error of the best, the
    one-standard-error rule of glmnet: `max {λ : m(λ) ≤ m(λ*) + se(λ*)}` for a measure of which less
    is better, with the standard error over the repeats.

    Args:
        build_model: A function that returns a compiled model, or `"mlp"`, `"cnn"`,
            `"path.py:function"`, as `regkit.compare` takes it; `member` is the number of the
            repeat.
        data: What `regkit.compare` takes: a name, a path, a DataFrame, `(x, y)`, or a `Dataset`. A
            test part of its own is not touched. Tables and targets of a regression are
            standardized by each training part.
        recipe: A recipe in which one strength has alternatives: `"l2(1e-6..1)"`,
            `"dropout(0.1|0.3|0.5) + l2(1e-4)"`.
        repeats: The number of splits. With one there is no standard error, and the best is taken.
        epochs: The number of epochs that every member trains; it is measured at their end, on
            clean labels and in evaluation mode. Early stopping in the recipe sees the repeat's
            validation part as `val_loss`, and each repeat is then a computation of its own.
        batch_size: The number of examples a step; None is a quarter of the training examples, but
            at least 16 and at most 256.
        validation_size: The fraction of each class that validates.
        measure: "nll", "accuracy", "balanced_accuracy" or "brier"; for a regression "mse", "rmse"
            or "mae". None is the first.
        seed: The root of all seeds; None follows `keras.utils.set_random_seed`.
        target: The target column of a table.
        ignore: Columns of a table to leave out.
        task: "classification" or "regression"; None sees it from the targets.
        engine: As `regkit.fit_members` takes it.

    Returns:
        The path: print it for a table and what to use; `.figure()`, `.save("path.svg")`.

    Raises:
        RegkitError: for a recipe without alternatives, or with several options that vary; for data,
            models and options that cannot be; and where all training diverges. A strength that
            diverges is left out by name, and the rest goes on.

    Source: Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via
    coordinate descent" (2010).

    Example:
        >>> import numpy as np
        >>> random = np.random.default_rng(0)
        >>> x = random.normal(size=(60, 8))
        >>> y = x[:, 0] + random.normal(size=60)
        >>> followed = path("mlp", (x, y), "l2(0.01|0.1)", repeats=3, epochs=2, seed=0)
        >>> followed.strengths, followed.validation.values.shape
        (array([0.  , 0.01, 0.1 ]), (3, 3))
        >>> followed.chosen in followed.strengths
        True
    """
    grid = strength_grid(recipe, "path")
    if grid is None:
        raise RegkitError(
            f"path needs a recipe with alternatives, as 'l2(1e-6..1)' or 'dropout(0.1|0.3)'; "
            f"received {str(recipe)!r}, which stands for one recipe"
        )
    dataset = load(data, target=target, ignore=ignore, task=task)
    chosen = path_measure(measure, dataset.task)
    build, model = resolve(build_model)
    root = random_draws.ambient_seed() if seed is None else seed
    draws = splits(dataset, repeats, root, validation_size)
    size = batch_size or default_batch_size(draws[0])
    fits = fit_strengths(
        build,
        dataset,
        grid.recipes,
        draws,
        [repeat.init_seed for repeat in seeds_of_repeats(repeats, 1, root)],
        How(epochs, size, engine),
        lambda draw: np.concatenate([draw.x_train, draw.x_held_out]),
    )

    def curve(of_draw: Any) -> Curve:
        return Curve(
            np.array(
                [
                    [measured(chosen, dataset.task, *of_draw(draw, rows)) for rows in outputs]
                    for draw, outputs in zip(draws, fits.outputs, strict=True)
                ]
            )
        )

    return RegularizationPath(
        grid,
        chosen,
        validation=curve(_validation),
        training=curve(_training),
        settings={
            "data": dataset.name,
            "model": model,
            "repeats": repeats,
            "epochs": epochs,
            "batch_size": size,
            "validation_size": validation_size,
            "seed": root,
        },
        engine=fits.engine,
        reason=fits.reason,
    )


def _validation(draw: Draw, outputs: Array) -> tuple[Array, Array]:
    return draw.y_held_out, outputs[len(draw.examples) :]


def _training(draw: Draw, outputs: Array) -> tuple[Array, Array]:
    return draw.y_train, outputs[: len(draw.examples)]
