"""What is written in a figure, and shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from regkit.comparison import figures
from regkit.comparison.statistics.ranks import Ranking, rank

LONG = "elastic_distortion(34, sigma=5.0, relative_to=28) + dropout(0.5) + label_smoothing(0.1)"
SIZES = (figures.WIDE, figures.NARROW)
RANDOM = np.random.default_rng(1)
SCORES = {
    arm: list(0.9 + gain + RANDOM.normal(0, 0.005, 8))
    for arm, gain in {"baseline": 0, LONG: 0.02, "dropout": 0.03, "l2": 0.005, "l1": -0.04}.items()
}
RANKING = rank(SCORES, "baseline")


def ranks(ranking: Ranking, width: float = figures.WIDE) -> Figure:
    with figures.style():
        return figures.critical_difference(ranking, width=width)


def texts(figure: Figure) -> list[Text]:
    """Return what is written and shown."""
    found = (one for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible())
    unseen = {id(label) for axes in figure.axes for label in labels_outside(axes)}
    shown = (one for one in found if one.axes is None or one.axes.get_visible())
    return [one for one in shown if id(one) not in unseen]


def labels_outside(axes: Any) -> list[Text]:
    """Return the labels of ticks beyond the limits, which are not drawn."""
    return [
        label
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]


def written(figure: Figure) -> str:
    return "\n".join(one.get_text() for one in texts(figure))
