"""The measures by which arms are compared: on clean labels, in evaluation mode."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.settings import MEASURES
from regkit.comparison.record.results import Fit, Record, Trial
from regkit.comparison.statistics import calibration, scores
from regkit.core.errors import RegkitError

__all__ = [
    "Measure",
    "chosen",
    "deciding",
    "of_outputs",
    "of_record",
    "reliability",
    "resolution",
    "selection",
]


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
            correction for several tests counts it; the other measures only describe.
        most: By how much two values can differ, as shown.
    """

    key: str
    name: str
    unit: str
    sign: int
    margin: float
    digits: int
    scale: float = 1.0
    decides: bool = False
    most: float = math.inf

    def of(self, fit: Fit | Trial, part: str = "test") -> float:
        """Return its value for a fit on a part: "test", "train" or "validation"."""
        values: dict[str, float] = getattr(fit, part)
        return self.scale * values[self.key]


# The margins: half a point, the same share of the area under the curve, and 2 % of the probability
# that is given to the right class.
CLASSIFICATION = (
    Measure("accuracy", "accuracy", "points", 1, 0.5, 1, 100.0, most=100.0),
    Measure("balanced_accuracy", "balanced accuracy", "points", 1, 0.5, 1, 100.0, most=100.0),
    Measure("roc_auc", "ROC AUC", "", 1, 0.005, 3, most=1.0),
    Measure("nll", "NLL", "nats", -1, 0.02, 3),
    Measure("brier", "Brier", "", -1, 0.0, 3),
    Measure("calibration_error", "calibration error", "points", -1, 0.0, 1, 100.0),
)
REGRESSION = (
    Measure("rmse", "RMSE", "", -1, 0.0, 3),
    Measure("mae", "MAE", "", -1, 0.0, 3),
)
KNOWN = {measure.key: measure for measure in (*CLASSIFICATION, *REGRESSION)}
BESIDE = "nll"  # decides too: a proper score, which finds smaller differences than accuracy
RELATIVE_MARGIN = 0.02  # of the target's standard deviation


def chosen(asked: str | None, task: str, test_counts: Sequence[int]) -> str:
    """Return the measure that decides first and chooses the epoch, where the data has it.

    Args:
        asked: What was asked for; None is accuracy, or for a regression the RMSE.
        task: "classification" or "regression".
        test_counts: The number of test examples of each class; none for a regression.

    Raises:
        RegkitError: for a measure that the data cannot have, with those that it can.

    Example:
        >>> chosen(None, "regression", [])
        'rmse'
    """
    possible = MEASURES[task]
    if not _has_two_classes(test_counts):
        possible = tuple(name for name in possible if name != "roc_auc")
    if asked is None:
        return possible[0]
    if asked not in possible:
        why = f"this is a {task}"
        if asked == "roc_auc" and task == "classification":
            why = f"it needs test examples of two classes, and they have {list(test_counts)}"
        raise RegkitError(f"measure={asked!r} cannot be: {why}; here it is {', '.join(possible)}")
    return asked


def of_record(record: Record) -> tuple[Measure, ...]:
    """Return the measures of a record, those that decide first.

    What was asked for decides, and for classes the NLL beside it. An error of regression is in the
    target's unit, so its margin is 2 % of the target's standard deviation, and its decimals show
    four significant digits of that deviation.
    """
    first = record.settings["measure"]
    if record.data["task"] == "classification":
        of_task = list(CLASSIFICATION)
        if not _has_two_classes(record.data["test_counts"].values()):
            of_task.remove(KNOWN["roc_auc"])
    else:
        deviation = float(record.data["target_scale"])
        digits = max(0, 3 - int(np.floor(np.log10(deviation))))
        margin = float(f"{RELATIVE_MARGIN * deviation:.2g}")
        of_task = [replace(measure, digits=digits, margin=margin) for measure in REGRESSION]
    ordered = sorted(of_task, key=lambda measure: (measure.key != first, measure.key != BESIDE))
    return tuple(
        replace(measure, decides=True)
        if measure.key in (first, BESIDE)
        else replace(measure, margin=0.0)
        for measure in ordered
    )


def deciding(record: Record) -> list[Measure]:
    """Return the measures by which verdicts are given."""
    return [measure for measure in of_record(record) if measure.decides]


def _has_two_classes(test_counts: Iterable[int]) -> bool:
    counts = list(test_counts)
    return len(counts) == 2 and all(counts)


def resolution(measure: Measure, record: Record) -> float:
    """Return the step in which a measure comes, averaged over the seeds of a split.

    One test example for accuracy; for balanced accuracy one of the smallest class, which counts
    most; one pair of examples for the area under the ROC curve; 0 for what is continuous.
    """
    counts = [count for count in record.data["test_counts"].values() if count]
    steps = {
        "accuracy": lambda: 1 / record.data["n_test"],
        "balanced_accuracy": lambda: 1 / (len(counts) * min(counts)),
        "roc_auc": lambda: 1 / math.prod(counts),
    }
    step = steps[measure.key]() if measure.key in steps else 0.0
    return float(measure.scale * step / record.settings["seeds"])


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
            "rmse": scores.root_mean_squared_error(y, values),
            "mae": scores.mean_absolute_error(y, values),
        }
    p = scores.probabilities(outputs)
    area = {"roc_auc": scores.roc_auc(y, p)} if p.shape[1] == 2 else {}
    return {
        "accuracy": scores.accuracy(y, p),
        "balanced_accuracy": scores.balanced_accuracy(y, p),
        **area,
        "nll": scores.negative_log_likelihood(y, p),
        "brier": calibration.brier(y, p),
        "calibration_error": calibration.calibration_error(y, p),
    }


def selection(values: dict[str, float], measure: str) -> tuple[float, ...]:
    """Return what is largest at the best epoch: the measure that decides, then −NLL.

    Example:
        >>> selection({"accuracy": 0.75, "nll": 0.5}, "accuracy"), selection({"rmse": 3.0}, "rmse")
        ((0.75, -0.5), (-3.0,))
    """
    first = KNOWN[measure].sign * values[measure]
    return (first, -values["nll"]) if "nll" in values else (first,)


def reliability(
    task: str, y: NDArray[Any], outputs: NDArray[np.float64]
) -> list[tuple[float, float, int]]:
    """Return (confidence, accuracy, count) of bins of equal mass; none for a regression."""
    if task == "regression":
        return []
    bins = calibration.equal_mass_bins(y, scores.probabilities(outputs))
    return [(part.confidence, part.accuracy, part.count) for part in bins]
