"""The forest plot: each arm's difference to the baseline, with its interval."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.figures.arm_rows import Rows, rows
from regkit.comparison.figures.look import MARKS, WIDE, entitle, mark, what
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Outcome, Summary
from regkit.comparison.words.verdict_text import repeats
from regkit.core.words import signed

__all__ = ["forest_plot"]


def forest_plot(
    record: Record, summaries: list[Summary], *, width: float = WIDE, title: bool = True
) -> Figure:
    """Return differences to the baseline: a row for each arm, a panel for each deciding measure.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches; below 6 the panels stand one below the other.
        title: Whether to write above it what it shows.
    """
    drawn = rows(record, summaries, width)
    for axes, measure in drawn.panels:
        for arm, place in drawn.arms:
            _row(drawn, axes, place, arm.outcomes[measure.name], measure.digits)
    if title:
        text = (
            f"{what(record)}: difference to the baseline, with corrected 95 % intervals over "
            f"{repeats(record)}"
        )
        entitle(drawn.figure, text, width)
    return drawn.figure


def _row(drawn: Rows, axes: Axes, place: float, outcome: Outcome, digits: int) -> None:
    d = outcome.difference
    if d is None:
        return
    _, colour, strong = MARKS.get(outcome.verdict, MARKS["cannot conclude"])
    interval = "one pair, no interval"
    if math.isfinite(d.low):
        axes.plot([d.low, d.high], [place] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        interval = f"[{signed(d.low, digits)}, {signed(d.high, digits)}]"
    mark(axes, d.mean, place, outcome.verdict)
    verdict = f"\n{outcome.verdict}" if drawn.wide else ""  # its mark tells it too
    drawn.note(axes, place, f"{signed(d.mean, digits)} {interval}{verdict}", strong)
