"""A row for each arm, a panel for each measure: what forest plot and paired dots share."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.figures.look import FAINT, INK, MUTED, with_unit, wrap
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.measures import Measure, deciding

__all__ = ["Rows", "best_first", "is_wide", "rows"]

LINE = 0.16  # inches: a line of text
LANE = 0.36  # inches: what is drawn of an arm


@dataclass(frozen=True)
class Rows:
    """A figure with its panels.

    Attributes:
        figure: The figure.
        panels: (axes, measure), arm for each deciding measure.
        arms: (arm, where its row is), from the lowest to the highest, the best; in inches.
        wide: Whether panels are beside each other and names beside the rows, not above them.
    """

    figure: Figure
    panels: list[tuple[Axes, Measure]]
    arms: list[tuple[Summary, float]]
    wide: bool

    def note(self, axes: Axes, place: float, text: str, strong: bool) -> None:
        """Write what belongs to a row: beside it, or above its right end."""
        axes.annotate(
            text if self.wide else text.replace("\n", " "),
            (1.03, place) if self.wide else (1.0, place + LANE / 2 + LINE / 2),
            xycoords=("axes fraction", "data"),
            ha="left" if self.wide else "right",
            va="center",
            fontsize=8,
            color=INK if strong else MUTED,
        )


def is_wide(width: float) -> bool:
    """Return whether panels fit beside each other in so many inches."""
    return width >= 6


def rows(record: Record, summaries: list[Summary], width: float) -> Rows:
    """Return an empty panel for each deciding measure, with the arms that have pairs as rows."""
    measures = deciding(record)
    wide, top = is_wide(width), 0.0
    arms = []
    for arm in reversed(best_first(record, summaries)):
        lines = wrap(arm.label).count("\n") + 1
        tall = max(LANE, LINE * lines + 0.1) if wide else LANE + LINE * lines + 0.06
        arms.append((arm, top + (tall if wide else LANE) / 2))
        top += tall
    top = max(top, 2 * LANE)
    count = 1 if wide else len(measures)
    figure = Figure(figsize=(width, (top + 0.9) * count), layout="constrained")
    axes = figure.subplots(count, len(measures) // count, sharey=wide, squeeze=False).ravel()
    panels = list(zip(axes, measures, strict=True))
    for panel, measure in panels:
        _prepare(panel, measure, arms, wide)
        panel.set_ylim(-0.05, top)
    if wide:
        axes[0].set_yticks([place for _, place in arms], [wrap(arm.label) for arm, _ in arms])
    return Rows(figure, panels, arms, wide)


def best_first(record: Record, summaries: list[Summary]) -> list[Summary]:
    """Return the arms that have pairs with the baseline, by what they gain in the first measure."""
    measure = deciding(record)[0]
    paired = [arm for arm in summaries if arm.outcomes[measure.name].difference]
    return sorted(paired, key=lambda arm: -measure.sign * _mean(arm, measure))


def _mean(arm: Summary, measure: Measure) -> float:
    d = arm.outcomes[measure.name].difference
    return 0.0 if d is None else d.mean


def _prepare(axes: Axes, measure: Measure, arms: list[tuple[Summary, float]], wide: bool) -> None:
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    towards = "right is better" if measure.sign > 0 else "left is better"
    grey = f"; grey: within ±{measure.margin:g}" if measure.margin else ""
    axes.set_xlabel(f"{with_unit(measure)}\n{towards}{grey}")
    axes.locator_params(axis="x", nbins=5)
    if not arms:
        note = "no arm has a pair with the baseline"
        axes.text(0.5, 0.5, note, transform=axes.transAxes, ha="center", va="center")
    if wide:
        axes.axvspan(-measure.margin, measure.margin, color=FAINT, zorder=0, linewidth=0)
        axes.axvline(0, color=MUTED, linewidth=1, zorder=1)
        return
    axes.set_yticks([])
    for arm, place in arms:  # each in a lane of its own, as its name stands above it
        low, high = place - LANE / 2, place + LANE / 2 - 0.04
        axes.fill_betweenx(
            [low, high], -measure.margin, measure.margin, color=FAINT, zorder=0, linewidth=0
        )
        axes.plot([0, 0], [low, high], color=MUTED, linewidth=1, zorder=1)
        axes.annotate(
            wrap(arm.label),
            (0, place + LANE / 2 + 0.02),
            xycoords=("axes fraction", "data"),
            va="bottom",
            fontsize=8.5,
            fontweight="bold",
            linespacing=1.05,
        )
