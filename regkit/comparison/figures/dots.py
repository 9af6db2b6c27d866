"""Paired dots: the differences of the single splits, before any statistics."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.figures.arm_rows import Rows, rows
from regkit.comparison.figures.look import (
    BETTER,
    GROUND,
    INK,
    MUTED,
    WIDE,
    WORSE,
    entitle,
    what,
)
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary, pairs
from regkit.comparison.statistics.measures import Measure

__all__ = ["paired_dots"]


def paired_dots(
    record: Record, summaries: list[Summary], *, width: float = WIDE, title: bool = True
) -> Figure:
    """Return the differences to the baseline: a row for each arm, a point for each split.

    A filled point is a split on which the arm was better, an open one where it was worse; a bar
    marks the mean.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches; below 6 the panels stand one below the other.
        title: Whether to write above it what it shows.
    """
    drawn = rows(record, summaries, width)
    for axes, measure in drawn.panels:
        for arm, place in drawn.arms:
            _row(drawn, axes, place, pairs(record, arm.arm, measure), measure)
    if title:
        text = (
            f"{what(record)}: difference to the baseline on each split (filled: better, open: "
            "worse; bar: mean)"
        )
        entitle(drawn.figure, text, width)
    return drawn.figure


def _row(drawn: Rows, axes: Axes, place: float, values: list[float], measure: Measure) -> None:
    d = np.array(values)
    # Spread by the golden ratio: even, and the same for the same split in every panel.
    up = 0.2 * ((0.618034 * np.arange(len(d)) + 0.5) % 1 - 0.5)
    good = measure.sign * d
    for chosen, colour, ground in (
        (good > 0, BETTER, BETTER),
        (good < 0, WORSE, GROUND),
        (good == 0, MUTED, GROUND),
    ):
        at = (d[chosen], place + up[chosen])
        axes.plot(*at, "o", color=colour, markerfacecolor=ground, markersize=4.5, zorder=3)
    axes.plot([d.mean()] * 2, [place - 0.13, place + 0.13], color=INK, linewidth=1.8, zorder=4)
    drawn.note(axes, place, f"{(good > 0).sum()} of {len(d)}\nbetter", True)
