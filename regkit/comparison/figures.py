"""The figures: differences with their intervals, and learning curves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from regkit.comparison.analysis import MEASURES, Measure, Outcome, Summary
from regkit.comparison.results import Fit, Record
from regkit.comparison.verdict_text import repeats

__all__ = ["curves", "forest", "save", "style"]

INK, MUTED, FAINT = "#1f2933", "#7b8794", "#e4e7eb"
COLOURS = {"better": "#0b7a75", "worse": "#c0392b", "equivalent": "#2f6fb0"}


@contextmanager
def style() -> Iterator[None]:
    """Draw in regkit's style within the block, whatever the user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": 10,
                "text.color": INK,
                "axes.labelcolor": INK,
                "axes.edgecolor": MUTED,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "xtick.color": MUTED,
                "ytick.color": MUTED,
                "xtick.labelcolor": INK,
                "ytick.labelcolor": INK,
                "svg.fonttype": "none",  # text stays text: small files that can be searched
                "svg.hashsalt": "regkit",  # the same figure gives the same file
            }
        )
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the file's suffix."""
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, dpi=160, metadata=metadata, facecolor="white")


def forest(record: Record, summaries: list[Summary]) -> Figure:
    """Return the forest plot: a row an arm and a panel a measure, differences with intervals."""
    rows = [one for one in summaries if one.outcomes[MEASURES[0].name].difference]
    rows.sort(key=lambda one: _mean(one, MEASURES[0]))
    figure = Figure(figsize=(11, 1.9 + 0.36 * max(len(rows), 1)), layout="constrained")
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, measure in zip(panels, MEASURES, strict=True):
        _forest_panel(axes, measure, rows)
    panels[0].set_yticks(range(len(rows)), [one.arm for one in rows])
    panels[0].set_ylim(-0.7, max(len(rows), 1) - 0.3)
    noise, data = record.settings["label_noise"], record.data
    labels = f", {100 * noise:.0f} % of the training labels redrawn" if noise else ""
    figure.suptitle(
        f"{data['name']}, {record.settings['model']}{labels}: difference to the baseline, with "
        f"corrected 95 % intervals over {repeats(record)}",
        fontsize=11,
        ha="left",
        x=0.01,
    )
    return figure


def _mean(one: Summary, measure: Measure) -> float:
    d = one.outcomes[measure.name].difference
    return 0.0 if d is None else d.mean


def _forest_panel(axes: Any, measure: Measure, rows: list[Summary]) -> None:
    axes.axvspan(-measure.margin, measure.margin, color=FAINT, zorder=0, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=1, zorder=1)
    for place, one in enumerate(rows):
        outcome = one.outcomes[measure.name]
        if outcome.difference is not None:
            _forest_row(axes, place, outcome, measure.digits)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    towards = "right is better" if measure.sign > 0 else "left is better"
    axes.set_xlabel(
        f"{measure.name}, {measure.unit} ({towards}; grey: within ±{measure.margin:g})", fontsize=9
    )


def _forest_row(axes: Any, place: int, outcome: Outcome, digits: int) -> None:
    d = outcome.difference
    assert d is not None
    colour = COLOURS.get(outcome.verdict, MUTED)
    if np.isfinite(d.low):
        axes.plot([d.low, d.high], [place] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
    filled = colour if outcome.verdict in COLOURS else "white"
    axes.plot(d.mean, place, "o", color=colour, markerfacecolor=filled, markersize=7, zorder=3)
    axes.annotate(
        f"{d.mean:+z.{digits}f} [{d.low:+z.{digits}f}, {d.high:+z.{digits}f}]\n{outcome.verdict}",
        (1.02, place),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        color=INK if outcome.verdict in COLOURS else MUTED,
    )


def curves(record: Record, summaries: list[Summary]) -> Figure:
    """Return learning curves: a panel an arm, against the baseline in grey.

    Lines are means over the fits of the validation accuracy (clean labels), bands the middle 80 %
    of the fits; a dot marks the median best epoch.
    """
    arms = [one for one in summaries if one.arm != record.baseline] or summaries[:1]
    columns = min(4, len(arms))
    lines = -(-len(arms) // columns)
    figure = Figure(figsize=(2.7 * columns + 0.6, 2.3 * lines + 0.9), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    base = _stack(record.of(record.baseline))
    for axes, one in zip(panels, arms, strict=False):
        _curve(axes, base, MUTED, summaries[0].best_epoch)
        _curve(axes, _stack(record.of(one.arm)), COLOURS["better"], one.best_epoch)
        axes.set_title(one.arm, fontsize=10, fontweight="bold", loc="left")
        axes.grid(axis="y", color=FAINT)
        axes.tick_params(length=0)
    for axes in panels[len(arms) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(arms) - columns) : len(arms)]:
        axes.tick_params(labelbottom=True)  # also above an empty place
    panels[0].set_ylim(*_limits(base, [_stack(record.of(one.arm)) for one in arms]))
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel("validation accuracy, %", fontsize=10)
    figure.suptitle(
        "Validation accuracy by epoch: each arm (green) and the baseline (grey)\n"
        "line: mean; band: middle 80 % of the fits; dot: median best epoch",
        fontsize=11,
        ha="left",
        x=0.01,
    )
    return figure


def _stack(fits: list[Fit]) -> NDArray[np.float64]:
    """Return accuracies in percent, `(fits, epochs)`, with NaN after a fit that stopped early."""
    series = [fit.curves["val_accuracy"] for fit in fits]
    stacked = np.full((len(series), max(map(len, series))), np.nan)
    for row, values in zip(stacked, series, strict=True):
        row[: len(values)] = values
    return 100 * stacked


def _curve(axes: Any, values: NDArray[np.float64], colour: str, best: float) -> None:
    epochs = np.arange(1, values.shape[1] + 1)
    mean = np.nanmean(values, axis=0)
    low, high = np.nanpercentile(values, (10, 90), axis=0)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(epochs, mean, color=colour, linewidth=1.6)
    at = min(max(round(best), 1), len(epochs))
    axes.plot(at, mean[at - 1], "o", color=colour, markersize=5, markeredgecolor="white")


def _limits(base: NDArray[np.float64], others: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Return the range of what matters: the steep first epochs may leave the frame."""
    means = np.concatenate([np.nanmean(one, axis=0) for one in (base, *others)])
    top = max(float(np.nanmax(one)) for one in (base, *others))
    bottom = float(np.percentile(means, 4))
    return bottom - 0.15 * (top - bottom) - 0.5, min(100.0, top + 0.5)
