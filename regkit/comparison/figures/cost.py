"""Cost against benefit: what does an arm's gain take in time?"""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.figures.arm_rows import best_first, is_wide
from regkit.comparison.figures.look import (
    FAINT,
    MARKS,
    MUTED,
    WIDE,
    entitle,
    mark,
    what,
    with_unit,
    wrap,
)
from regkit.comparison.figures.point_labels import place_labels
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.measures import Measure, deciding
from regkit.comparison.statistics.paired_differences import Difference

__all__ = ["cost_and_benefit"]

MANY = 10  # arms: more names than these find no place beside their points
TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 10, 20, 50, 100)


def cost_and_benefit(
    record: Record, summaries: list[Summary], *, width: float = WIDE, title: bool = True
) -> Figure:
    """Return each arm's difference in the first measure over its time of an epoch.

    The time is relative to the baseline's, which is at 1 and 0, on a logarithmic scale. Arms
    without a known time are left out.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches.
        title: Whether to write above it what it shows.
    """
    measure = deciding(record)[0]
    arms = _known(record, summaries, measure)
    wide = is_wide(width)
    named, columns = wide and len(arms) <= MANY, 2 if wide else 1
    height = (0.52 if wide else 0.85) * width
    height += 0 if named else 0.3 + 0.17 * -(-len(arms) // columns)
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    _prepare(axes, measure, [arm.cost for arm, _ in arms], wide)
    for arm, d in arms:
        verdict = arm.outcomes[measure.name].verdict
        if math.isfinite(d.low):
            colour = MARKS.get(verdict, MARKS["cannot conclude"])[1]
            axes.plot([arm.cost] * 2, [d.low, d.high], color=colour, linewidth=1.6, zorder=2)
        mark(axes, arm.cost, d.mean, verdict)
    if title:
        text = f"{what(record)}: difference to the baseline against the time of an epoch"
        entitle(figure, text, width)
    _name(figure, axes, arms, None if named else columns)
    return figure


def _name(
    figure: Figure, axes: Axes, arms: list[tuple[Summary, Difference]], columns: int | None
) -> None:
    """Write the arms' names beside their points; or numbers, and a key in columns below."""
    if columns is not None:
        _key(axes, [arm.label for arm, _ in arms], columns)
    points = [
        (arm.cost, d.mean, wrap(arm.label) if columns is None else str(number))
        for number, (arm, d) in enumerate(arms, 1)
    ]
    place_labels(figure, axes, points, [(arm.cost, d.low, d.high) for arm, d in arms])


def _known(
    record: Record, summaries: list[Summary], measure: Measure
) -> list[tuple[Summary, Difference]]:
    """Return the arms whose time is known, with their differences."""
    return [
        (arm, d)
        for arm in best_first(record, summaries)
        if (d := arm.outcomes[measure.name].difference) and 0 < arm.cost < math.inf
    ]


def _prepare(axes: Axes, measure: Measure, costs: list[float], wide: bool) -> None:
    low, high = min([0.9, *costs]) / 1.15, max([1.1, *costs]) * 1.15
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = _ticks(low, high, apart=math.log(high / low) / (10 if wide else 6))
    axes.set_xticks(ticks, [f"{tick:g}×" for tick in ticks])
    axes.set_xticks([], minor=True)
    if measure.margin:
        axes.axhspan(-measure.margin, measure.margin, color=FAINT, zorder=0, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=1, zorder=1)
    axes.axvline(1, color=MUTED, linewidth=1, zorder=1)
    if measure.sign < 0:
        axes.invert_yaxis()
    axes.set_xlabel("time of an epoch, relative to the baseline's")
    axes.set_ylabel(f"{with_unit(measure)}: difference (up is better)")


def _key(axes: Axes, arms: list[str], columns: int) -> None:
    """Write below what each number stands for."""
    lines = [
        f"{number}  {wrap(arm, 52 if columns > 1 else 36, 1)}" for number, arm in enumerate(arms, 1)
    ]
    each = -(-len(lines) // columns)
    for column in range(columns):
        axes.annotate(
            "\n".join(lines[column * each : (column + 1) * each]),
            (column / columns, 0),
            (0, -42),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            fontsize=8.5,
            linespacing=1.4,
        )


def _ticks(low: float, high: float, apart: float) -> list[float]:
    """Return the ticks between bounds, from 1 outwards, that are far enough from each other."""
    kept: list[float] = []
    for tick in sorted(TICKS, key=lambda tick: abs(math.log(tick))):
        if low <= tick <= high and all(abs(math.log(tick / other)) >= apart for other in kept):
            kept.append(tick)
    return sorted(kept)
