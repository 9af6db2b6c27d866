"""Small multiples: a panel for each arm, in as many columns as the width holds."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.figures.arm_rows import best_first, is_wide
from regkit.comparison.figures.look import FAINT, wrap
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary

__all__ = ["Panels", "panels"]


@dataclass(frozen=True)
class Panels:
    """A figure with a panel for each arm but the baseline.

    Attributes:
        figure: The figure.
        each: (axes, arm).
    """

    figure: Figure
    each: list[tuple[Axes, Summary]]


def panels(
    record: Record,
    summaries: list[Summary],
    width: float,
    aspect: float,
    *,
    common_x: bool = True,
) -> Panels:
    """Return empty panels with common axes; the baseline alone where nothing else has fits.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches.
        aspect: A panel's height / its width.
        common_x: Whether they have the axis across in common too.
    """
    arms = best_first(record, summaries) or summaries[:1]
    columns = min(4 if is_wide(width) else 2, len(arms))
    lines = -(-len(arms) // columns)
    panel_width = min((width - 0.5) / columns, 3.2)
    titles = [wrap(arm.label, int(panel_width * 11.5)) for arm in arms]
    height = lines * (aspect * panel_width + 0.3 + 0.16 * max(t.count("\n") for t in titles))
    figure = Figure(figsize=(panel_width * columns + 0.5, height + 0.5), layout="constrained")
    grid = figure.subplots(lines, columns, sharex=common_x, sharey=True, squeeze=False).ravel()
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(title, fontsize=9, fontweight="bold", loc="left")
        axes.grid(axis="y", color=FAINT)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
    for axes in grid[len(arms) :]:
        axes.set_visible(False)
    for axes in grid[max(0, len(arms) - columns) : len(arms)]:
        axes.tick_params(labelbottom=True)  # also above an empty place
    return Panels(figure, list(zip(grid, arms, strict=False)))
