"""What arms are compared by: on clean labels, in evaluation mode, alike for every technique."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.comparison import calibration, metrics
from regkit.comparison.results import Fit, Record

__all__ = ["Measure", "of_outputs", "of_record", "reliability", "selection"]


@dataclass(frozen=True)
class Measure:
    """One measure of a fit.

    Attributes:
        key: Its name in a fit.
        name: Its name in tables.
        unit: The unit of the numbers that are shown.
        sign: 1 where more is better, -1 where less is.
        margin: Differences within ± this count as none; 0 where nothing is concluded.
        digits: How many decimals to print.
        scale: Shown number / stored number.
        decides: Whether verdicts are given by it. What decides is fixed before any result, and the
            correction for several tests counts it; the other measures describe.
        most: By how much two values can differ, as shown.
    """

    key: str
    name: str
    unit: str
    sign: int
    margin: float
    digits: int
    scale: float = 1.0
    decides: bool = True
    most: float = math.inf

    def of(self, fit: Fit, part: str = "test") -> float:
        """Return its value for a fit on a part: "test", "train" or "validation"."""
        values: dict[str, float] = getattr(fit, part)
        return self.scale * values[self.key]


# What users ask for, and the more sensitive proper score beside it. The margins: half a point, and
# 2 % in the probability that is given to the right class.
CLASSIFICATION = (
    Measure("accuracy", "accuracy", "points", 1, 0.5, 1, 100.0, most=100.0),
    Measure("nll", "NLL", "nats", -1, 0.02, 3),
    Measure("brier", "Brier", "", -1, 0.0, 3, decides=False),
    Measure("calibration_error", "calibration error", "points", -1, 0.0, 1, 100.0, decides=False),
)
REGRESSION = (
    Measure("rmse", "RMSE", "", -1, 0.0, 3),
    Measure("mae", "MAE", "", -1, 0.0, 3, decides=False),
)
RELATIVE_MARGIN = 0.02  # of the target's standard deviation


def of_record(record: Record) -> tuple[Measure, ...]:
    """Return the measures of a record, those that decide first.

    An error of regression is in the target's unit, so its margin is 2 % of the target's standard
    deviation, and its decimals show four significant digits of that deviation.
    """
    if record.data["task"] == "classification":
        return CLASSIFICATION
    deviation = float(record.data["target_scale"])
    digits = max(0, 3 - int(np.floor(np.log10(deviation))))
    margin = float(f"{RELATIVE_MARGIN * deviation:.2g}")
    return tuple(
        replace(one, digits=digits, margin=margin if one.decides else 0.0) for one in REGRESSION
    )


def of_outputs(task: str, y: NDArray[Any], outputs: NDArray[np.float64]) -> dict[str, float]:
    """Return every measure of a model's outputs.

    Args:
        task: "classification" or "regression".
        y: Clean labels `(n,)`: classes, or values in their own unit.
        outputs: `(n, K)` probabilities or logits; or `(n, 1)` values in the unit of y.

    Example:
        >>> of_outputs("regression", np.array([0.0, 2.0]), np.array([[1.0], [1.0]]))
        {'rmse': 1.0, 'mae': 1.0}
    """
    if task == "regression":
        values = outputs[:, 0]
        return {
            "rmse": metrics.root_mean_squared_error(y, values),
            "mae": metrics.mean_absolute_error(y, values),
        }
    p = metrics.probabilities(outputs)
    return {
        "accuracy": metrics.accuracy(y, p),
        "nll": metrics.negative_log_likelihood(y, p),
        "brier": calibration.brier(y, p),
        "calibration_error": calibration.calibration_error(y, p),
    }


def selection(values: dict[str, float]) -> tuple[float, ...]:
    """Return what the best epoch has the most of: accuracy, then −NLL; or −RMSE."""
    if "rmse" in values:
        return (-values["rmse"],)
    return values["accuracy"], -values["nll"]


def reliability(
    task: str, y: NDArray[Any], outputs: NDArray[np.float64]
) -> list[tuple[float, float, int]]:
    """Return (confidence, accuracy, count) of bins of equal mass; none for a regression."""
    if task == "regression":
        return []
    bins = calibration.equal_mass_bins(y, metrics.probabilities(outputs))
    return [(one.confidence, one.accuracy, one.count) for one in bins]
