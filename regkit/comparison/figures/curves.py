"""Learning curves: each arm against the baseline."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from regkit.comparison.figures.look import BETTER, GROUND, MUTED, WIDE, entitle
from regkit.comparison.figures.panels import panels
from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.measures import Measure

__all__ = ["learning_curves"]

Curves = NDArray[np.float64]


def learning_curves(
    record: Record, summaries: list[Summary], *, width: float = WIDE, title: bool = True
) -> Figure:
    """Return learning curves: a panel for each arm, the baseline in grey dashes beside it.

    Lines are means over the fits of the first measure on the validation examples (clean labels),
    bands the middle 80 % of the fits; a dot marks the median best epoch.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches; below 6 there are two columns.
        title: Whether to write above it what it shows.
    """
    measure = measures.of_record(record)[0]
    drawn = panels(record, summaries, width, aspect=0.75)
    base = _stack(record, record.baseline, measure)
    others = [_stack(record, arm.arm, measure) for _, arm in drawn.each]
    for (axes, arm), values in zip(drawn.each, others, strict=True):
        _curve(axes, base, MUTED, "--", summaries[0].best_epoch)
        if arm.arm != record.baseline:
            _curve(axes, values, BETTER, "-", arm.best_epoch)
    limits = _limits([curves for curves in (base, *others) if curves.size])
    if limits:
        drawn.each[0][0].set_ylim(*limits)
    drawn.each[0][0].xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    drawn.figure.supxlabel("epoch", fontsize=8.5)
    unit = ", %" if measure.unit == "points" else ""
    drawn.figure.supylabel(f"validation {measure.name}{unit}", fontsize=8.5)
    if title:
        text = (
            f"Validation {measure.name} by epoch: each arm (blue) and the baseline (grey). Line: "
            "mean; band: middle 80 % of the fits; dot: median best epoch"
        )
        entitle(drawn.figure, text, drawn.figure.get_figwidth())
    return drawn.figure


def _stack(record: Record, arm: str, measure: Measure) -> Curves:
    """Return validation values, `(fits, epochs)`, with NaN after a fit that stopped early."""
    series = [fit.curves.get(f"val_{measure.key}", []) for fit in record.of(arm)]
    stacked = np.full((len(series), max(map(len, series), default=0)), np.nan)
    for row, values in zip(stacked, series, strict=True):
        row[: len(values)] = np.array(values, np.float64)
    return measure.scale * stacked


def _curve(axes: Axes, values: Curves, colour: str, line: str, best: float) -> None:
    if not values.size:
        return
    epochs = np.arange(1, values.shape[1] + 1)
    mean = np.nanmean(values, axis=0)
    low, high = np.nanpercentile(values, (10, 90), axis=0)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(epochs, mean, color=colour, linewidth=1.6, linestyle=line)
    at = min(max(round(best), 1), len(epochs))
    axes.plot(at, mean[at - 1], "o", color=colour, markersize=5.5, markeredgecolor=GROUND)


def _limits(every: list[Curves]) -> tuple[float, float] | None:
    """Return the range of values to show; the steep first epochs may lie outside."""
    if not every:
        return None
    base, means = every[0], np.concatenate([np.nanmean(curves, axis=0) for curves in every])
    low, high = np.percentile(means, (12, 88))
    last = np.nanmean(base, axis=0)[-1]
    rising = abs(last - np.nanmax(base)) < abs(last - np.nanmin(base))
    bottom, top = (
        (low, max(np.nanmax(curves) for curves in every))
        if rising
        else (min(np.nanmin(curves) for curves in every), high)
    )
    margin = 0.1 * (top - bottom) or 0.5
    return float(bottom - margin), float(top + margin)
