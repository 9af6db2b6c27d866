"""Alternatives: the validation measure of each, and how often it was chosen."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.figures.look import BETTER, GROUND, MUTED, WIDE, entitle
from regkit.comparison.figures.panels import panels
from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.choice import Alternative, alternatives
from regkit.core.errors import RegkitError
from regkit.core.words import number, shown

__all__ = ["alternatives_figure", "value_names"]


def alternatives_figure(
    record: Record, summaries: list[Summary], *, width: float = WIDE, title: bool = True
) -> Figure:
    """Return a panel for each arm with alternatives: what each measured on validation examples.

    A point is the mean over splits with its standard error, its number how often it was chosen; the
    dashed line is the baseline.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
        width: In inches; below 6 there are two columns.
        title: Whether to write above it what it shows.

    Raises:
        RegkitError: where no arm has alternatives.
    """
    tried = {arm: found for arm in record.arms if (found := alternatives(record, arm))}
    with_some = [summary for summary in summaries if summary.arm in tried]
    if not with_some:
        raise RegkitError(
            "no arm has alternatives; give one some, as in dropout(0.1|0.3|0.5), to see which is "
            "chosen"
        )
    measure = measures.of_record(record)[0]
    values = [measure.of(fit, "validation") for fit in record.of(record.baseline)]
    baseline = float(np.mean(values))
    drawn = panels(record, with_some, width, aspect=0.8, common_x=False)
    for axes, arm in drawn.each:
        axes.axhline(baseline, color=MUTED, linewidth=1, linestyle="--", zorder=1)
        _points(axes, tried[arm.arm])
    means = np.array([each.mean for found in tried.values() for each in found])
    drawn.each[0][0].set_ylim(*_limits([*means[np.isfinite(means)], baseline], measure.sign))
    unit = "%" if measure.unit == "points" else measure.unit
    drawn.figure.supylabel(
        ", ".join(filter(None, [f"validation {measure.name}", unit])), fontsize=8.5
    )
    if title:
        text = (
            f"Validation {measure.name} of each alternative, mean ± standard error over splits, "
            "and the number of splits in which it was chosen; dashed: the baseline"
        )
        entitle(drawn.figure, text, drawn.figure.get_figwidth())
    return drawn.figure


def value_names(found: list[Alternative]) -> list[str]:
    """Return what tells alternatives apart, in short: the values of their options."""
    return [
        ", ".join(number(v) if isinstance(v, float) else shown(v) for v in each.options.values())
        for each in found
    ]


def _limits(values: list[float], sign: int) -> tuple[float, float]:
    """Return the ends of an axis on which one bad value does not press the others together."""
    worse = max(values) - np.array(values) if sign > 0 else np.array(values) - min(values)
    span = min(float(worse.max()), 4 * float(np.median(worse))) or float(worse.max()) or 1.0
    best = max(values) if sign > 0 else min(values)
    room = 0.15 * span
    return (best - span - room, best + 2 * room) if sign > 0 else (best - room, best + span + room)


def _points(axes: Axes, found: list[Alternative]) -> None:
    places = np.arange(len(found))
    means, errors = (
        np.array([getattr(each, name) for each in found]) for name in ("mean", "standard_error")
    )
    axes.errorbar(
        places,
        means,
        np.nan_to_num(errors),
        color=BETTER,
        fmt="-o" if len(found[0].options) == 1 else "o",  # several options are in no one order
        markersize=4.5,
        markeredgecolor=GROUND,
        linewidth=1.3,
        elinewidth=1,
    )
    for place, each in zip(places, found, strict=True):
        if each.times_chosen and np.isfinite(each.mean):
            axes.annotate(
                f"{each.times_chosen}×",
                (place, each.mean),
                (0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                fontweight="bold",
            )
        elif each.times_diverged:
            transform = axes.get_xaxis_transform()
            axes.plot(place, 0.06, "X", color=MUTED, transform=transform, markersize=5)
    names = value_names(found)
    turned = sum(map(len, names)) > 24
    axes.set_xticks(places, names, rotation=45 if turned else 0, ha="right" if turned else "center")
    axes.tick_params(labelbottom=True)
    axes.margins(x=0.12)
    axes.set_xlabel(", ".join(found[0].options), fontsize=8.5)
