"""Lines against strength: a logarithmic axis, with a place at its left for none at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from regkit.comparison.figures.look import FAINT, GROUND, INK, MUTED, entitle
from regkit.comparison.words.strength_words import strength_name

__all__ = ["Line", "part_bars", "strength_figure"]

Floats = NDArray[np.float64]
SHAPES = {"best": ":", "least": ":", "to use": "-"}  # of the vertical lines


@dataclass(frozen=True, eq=False)
class Line:
    """A line against strength.

    Attributes:
        label: What it is, for the legend.
        values: One for each strength; NaN is left out.
        error: How far its band reaches to both sides; None or NaN for no band.
        colour: Of line and band.
        dash: As Matplotlib's `linestyle`.
    """

    label: str
    values: Floats
    error: Floats | None
    colour: str
    dash: str


def strength_figure(
    strengths: Floats,
    lines: Sequence[Line],
    *,
    marks: Mapping[str, float],
    across: str,
    up: str,
    title: str,
    width: float,
    limit: float = math.nan,
) -> Figure:
    """Return lines with bands against strength; 0 stands apart at the left.

    Args:
        strengths: Ascending, the first 0.
        lines: What to draw.
        marks: Name → a strength to mark by a vertical line.
        across: What the strengths are of.
        up: What the lines are of.
        title: What the figure shows.
        width: In inches.
        limit: A value to mark by a horizontal line; NaN for none.
    """
    figure = Figure(figsize=(width, 0.62 * width + 0.6), layout="constrained")
    axes = figure.subplots()
    places = _places(strengths)
    for line in lines:
        _line(axes, places, line)
    for name, strength in marks.items():
        place = places[int(np.flatnonzero(strengths == strength)[0])]
        label = f"{name}: {strength_name(strength)}"
        axes.axvline(place, color=INK, linewidth=1, linestyle=SHAPES[name], label=label, zorder=1)
    if math.isfinite(limit):
        axes.axhline(limit, color=MUTED, linewidth=0.8, linestyle=":", zorder=1)
    lost = ~np.isfinite(lines[0].values)
    if lost.any():
        axes.plot(
            places[lost],
            np.full(lost.sum(), 0.03),
            "X",
            color=MUTED,
            transform=axes.get_xaxis_transform(),
            label="diverged",
        )
    _label_axes(axes, strengths, places, across, up)
    axes.set_ylim(*_limits(lines))
    columns = 4 if width > 6 else 2
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=8.5)
    entitle(figure, title, width)
    return figure


def part_bars(
    parts: Mapping[str, float], colours: Sequence[str], title: str, width: float
) -> Figure:
    """Return a bar for each part of an error.

    Args:
        parts: Name → value.
        colours: One for each.
        title: What the figure shows.
        width: In inches.
    """
    figure = Figure(figsize=(width, 0.35 * len(parts) + 0.9), layout="constrained")
    axes = figure.subplots()
    values = [*parts.values()]
    bars = axes.barh(range(len(parts)), values, color=colours, height=0.6)
    axes.set_yticks(range(len(parts)), [*parts])
    axes.bar_label(bars, [f"{value:.4g}" for value in values], padding=3, fontsize=8.5)
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    entitle(figure, title, width)
    return figure


def _places(strengths: Floats) -> Floats:
    """Return where strengths stand: at their logarithm, and 0 at the left of the others."""
    logs = np.log10(strengths[1:])
    gap = max(0.2, 0.12 * float(np.ptp(logs)))
    return np.concatenate([[logs[0] - gap], logs])


def _line(axes: Axes, places: Floats, line: Line) -> None:
    low, high = _band(line)
    axes.fill_between(places[1:], low[1:], high[1:], color=line.colour, alpha=0.18, linewidth=0)
    axes.plot(
        places[1:],
        line.values[1:],
        color=line.colour,
        linewidth=1.6,
        linestyle=line.dash,
        marker="o",
        markersize=3.5,
        label=line.label,
    )
    axes.plot(
        [places[0]] * 2,
        [low[0], high[0]],
        color=line.colour,
        alpha=0.4,
        linewidth=4,
        solid_capstyle="butt",
    )
    axes.plot(
        places[0], line.values[0], "o", color=line.colour, markersize=5, markeredgecolor=GROUND
    )


def _limits(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the range of values to show: where a strength is far too strong, lines leave it.

    Outside are strengths at which the first line is further from its quartiles than three times
    their distance; all lines are shown where it is inside.
    """
    main = lines[0].values
    first, third = np.nanpercentile(main, (25, 75))
    reach = 3 * (third - first)
    inside = np.isfinite(main) & (main >= first - reach) & (main <= third + reach)
    low, high = np.concatenate([_band(line) for line in lines], axis=1)
    inside = np.tile(inside, len(lines))
    bottom, top = np.nanmin(low[inside]), np.nanmax(high[inside])
    margin = 0.06 * (top - bottom) or 0.5
    return float(bottom - margin), float(top + margin)


def _band(line: Line) -> tuple[Floats, Floats]:
    error = np.zeros_like(line.values) if line.error is None else np.nan_to_num(line.error)
    return line.values - error, line.values + error


def _label_axes(axes: Axes, strengths: Floats, places: Floats, across: str, up: str) -> None:
    low, high = places[1], places[-1]
    decades = np.arange(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if len(decades) > 2:
        every = -(-len(decades) // 7)
        at = [float(decade) for decade in decades[::-1][::every][::-1]]
        labels = [strength_name(10.0**decade) for decade in at]
    else:
        at, labels = [*places[1:]], [strength_name(strength) for strength in strengths[1:]]
    axes.set_xticks([places[0], *at], ["none", *labels])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"{across} (logarithmic)")
    axes.set_ylabel(up)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
