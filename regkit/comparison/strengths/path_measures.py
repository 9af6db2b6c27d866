"""The measures that a path may be followed by: on clean labels, in evaluation mode."""

from __future__ import annotations

import math

import numpy as np

from regkit.comparison.statistics import measures
from regkit.comparison.statistics.measures import Measure
from regkit.core.errors import RegkitError, suggest
from regkit.types import Array

__all__ = ["PATH_MEASURES", "measured", "path_measure"]

# The first of a task where nothing is asked for: proper scores, which tell neighbouring strengths
# apart where accuracy, which comes in steps of one example, does not.
PATH_MEASURES = {
    "classification": (
        *(measures.KNOWN[key] for key in ("nll", "accuracy", "balanced_accuracy", "brier")),
    ),
    "regression": (
        Measure("mse", "mean squared error", "", -1, 0.0, 3),
        *(measures.KNOWN[key] for key in ("rmse", "mae")),
    ),
}


def path_measure(asked: str | None, task: str) -> Measure:
    """Return the measure of that name, or the task's first.

    Raises:
        RegkitError: for one that the task does not have.

    Example:
        >>> path_measure(None, "classification").key, path_measure(None, "regression").key
        ('nll', 'mse')
    """
    possible = {measure.key: measure for measure in PATH_MEASURES[task]}
    if asked is None:
        return PATH_MEASURES[task][0]
    if asked not in possible:
        raise RegkitError(
            f"measure={asked!r} cannot be: this is a {task}; here it is {', '.join(possible)}"
            f"{suggest(asked, possible)}"
        )
    return possible[asked]


def measured(measure: Measure, task: str, y: Array, outputs: Array) -> float:
    """Return a measure of a model's outputs as it is shown; NaN where they are not finite.

    Args:
        measure: Which.
        task: "classification" or "regression".
        y: Classes, or values in their own unit, `(n,)`.
        outputs: `(n, K)` probabilities or logits; or `(n, 1)` values in the unit of y.

    Example:
        >>> accuracy = path_measure("accuracy", "classification")
        >>> measured(accuracy, "classification", np.array([0, 1]), np.array([[0.9, 0.1]] * 2))
        50.0
    """
    if not np.isfinite(outputs).all():
        return math.nan
    values = measures.of_outputs(task, y, outputs)
    if measure.key == "mse":
        return values["rmse"] ** 2
    return measure.scale * values[measure.key]
