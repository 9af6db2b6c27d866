"""Reliability diagrams: of the predictions made with a confidence, how many are right?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from regkit.comparison.figures.look import BETTER, FAINT, GROUND, MUTED, WIDE, entitle
from regkit.comparison.figures.panels import panels
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary
from regkit.core.errors import RegkitError

__all__ = ["pooled", "reliability_diagrams"]

TITLE = (
    "Of the predictions with a given confidence, how many are right: each arm (blue) and the "
    "baseline (grey). On the diagonal both agree; below it a model is too sure"
)
POINTS = 10  # a diagram; each holds about equally many test examples


def reliability_diagrams(
    record: Record, summaries: list[Summary], *, width: float = WIDE, title: bool = True
) -> Figure:
    """Return reliability diagrams: a panel for each arm, the baseline in grey beside it.

    A point is a tenth of the test examples of all fits, by their confidence. On the diagonal
    80 % of the predictions with a confidence of 80 % are right; below it the model is too sure.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches; below 6 there are two columns.
        title: Whether to write above it what it shows.

    Raises:
        RegkitError: for a regression, which states no confidence.
    """
    if record.data["task"] != "classification":
        raise RegkitError("a regression states no confidence, so it has no reliability diagram")
    drawn = panels(record, summaries, width, aspect=0.85)
    base = pooled(record, record.baseline)
    of_arms = [(axes, pooled(record, arm.arm), arm.arm) for axes, arm in drawn.each]
    everything = np.concatenate([base, *(points for _, points, _ in of_arms)])
    least = min(0.9, float(np.nanmin(everything, initial=1.0)) - 0.03) * 100
    for axes, points, arm in of_arms:
        axes.grid(axis="x", color=FAINT)
        axes.plot([0, 100], [0, 100], color=MUTED, linewidth=1, zorder=1)
        _line(axes, base, MUTED, "--s", 4)
        if arm != record.baseline:
            _line(axes, points, BETTER, "-o", 4.5)
    first = drawn.each[0][0]
    first.set_xlim(max(0, least), 102)
    first.set_ylim(max(0, least), 102)
    drawn.figure.supxlabel("confidence, %", fontsize=8.5)
    drawn.figure.supylabel("right, %", fontsize=8.5)
    if title:
        entitle(drawn.figure, TITLE, drawn.figure.get_figwidth())
    return drawn.figure


def pooled(record: Record, arm: str) -> NDArray[np.float64]:
    """Return (confidence, accuracy) of bins of about equal mass over all of an arm's fits."""
    bins = np.array([part for fit in record.of(arm) for part in fit.reliability], np.float64)
    if not bins.size:
        return np.empty((0, 2))
    bins = bins[np.argsort(bins[:, 0], kind="stable")]
    ends = np.cumsum(bins[:, 2])
    number = np.minimum((POINTS * (ends - bins[:, 2] / 2) / ends[-1]).astype(int), POINTS - 1)
    return np.array(
        [np.average(bins[number == k, :2], axis=0, weights=bins[number == k, 2])
         for k in np.unique(number)]
    )  # fmt: skip


def _line(axes: Axes, points: NDArray[np.float64], colour: str, form: str, size: float) -> None:
    x, y = 100 * points.T
    axes.plot(
        x, y, form, color=colour, linewidth=1.3, markersize=size, markeredgecolor=GROUND, zorder=3
    )
