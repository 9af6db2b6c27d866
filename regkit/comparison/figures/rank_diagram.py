"""The critical-difference diagram: mean ranks over data sets, and which do not differ."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from regkit.comparison.figures.arm_rows import is_wide
from regkit.comparison.figures.look import (
    EQUAL,
    FAINT,
    GROUND,
    INK,
    MUTED,
    WIDE,
    entitle,
    mark,
    wrap,
)
from regkit.comparison.statistics.ranks import Ranking, cliques

__all__ = ["critical_difference"]


def critical_difference(ranking: Ranking, *, width: float = WIDE, title: bool = True) -> Figure:
    """Return the diagram of Demšar (2006), a row for each arm, so that names of any length fit.

    The best arm is at the top. A bar at the right joins arms whose mean ranks do not differ
    critically; the ruler at the top is as long as the critical difference.

    Args:
        ranking: What `regkit.comparison.ranks.rank` returned.
        width: In inches.
        title: Whether to write above it what it shows.
    """
    order = sorted(ranking.arms, key=ranking.mean_ranks.__getitem__)
    names = [wrap(arm, 24 if is_wide(width) else 21) for arm in order]
    row = 0.16 * (1 + max(name.count("\n") for name in names)) + 0.16
    figure = Figure(figsize=(width, row * (len(order) + 1) + 0.7), layout="constrained")
    axes = figure.subplots()
    for place, arm in enumerate(order):
        at = ranking.mean_ranks[arm]
        axes.plot([1, at], [place] * 2, color=FAINT, linewidth=1.2, zorder=1)
        if arm == ranking.baseline:
            axes.plot(at, place, "D", color=INK, markerfacecolor=GROUND, markersize=6, zorder=4)
        else:
            mark(axes, at, place, ranking.verdicts[arm])
        axes.annotate(f"{at:.2f}", (at, place), (8, 0), textcoords="offset points", va="center",
                      fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(order)), names)
    axes.set_xlim(0.9, len(order) + 0.1)
    _ruler(axes, ranking)
    _bars(axes, ranking, order)
    axes.set_ylim(len(order) - 0.4, -1.1)
    axes.set_xticks(range(1, len(order) + 1))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"mean rank over {ranking.n} data sets (left is better)")
    if title:
        text = f"Mean ranks over {ranking.n} data sets; bars join arms that do not differ"
        entitle(figure, f"{text} critically (Nemenyi, 5 %)", width)
    return figure


def _ruler(axes: Axes, ranking: Ranking) -> None:
    """Draw the critical difference as a ruler, without an end where it exceeds all ranks."""
    length, room = ranking.critical_difference, len(ranking.arms) - 1
    finite = math.isfinite(length)
    end = 1 + min(length, room)
    ends = "|" if length <= room else ""
    axes.plot([1, end], [-0.75] * 2, color=INK, linewidth=1.4)
    axes.plot([1, end] if ends else [1], [-0.75] * (2 if ends else 1), "|", color=INK, markersize=7)
    text = f"critical difference {length:.2f}" if finite else "no difference is critical"
    axes.annotate(text, (1, -0.75), (2, 5), textcoords="offset points", fontsize=8, color=MUTED)


def _bars(axes: Axes, ranking: Ranking, order: list[str]) -> None:
    """Draw a bar beside the rows of each group."""
    for index, group in enumerate(cliques(ranking)):
        first, last = order.index(group[0]), order.index(group[-1])
        beside = ScaledTranslation((30 + 9 * index) / 72, 0, axes.figure.dpi_scale_trans)
        axes.plot(
            [1, 1],
            [first - 0.3, last + 0.3],
            transform=axes.get_yaxis_transform() + beside,
            color=EQUAL,
            linewidth=4,
            solid_capstyle="butt",
            clip_on=False,
        )
