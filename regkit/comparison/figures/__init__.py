"""The figures of a comparison: pure functions of a record and its summaries."""

from regkit.comparison.figures.alternative_panels import alternatives_figure
from regkit.comparison.figures.cost import cost_and_benefit
from regkit.comparison.figures.curves import learning_curves
from regkit.comparison.figures.dots import paired_dots
from regkit.comparison.figures.forest import forest_plot
from regkit.comparison.figures.look import NARROW, WIDE, save, style
from regkit.comparison.figures.rank_diagram import critical_difference
from regkit.comparison.figures.reliability import reliability_diagrams

__all__ = [
    "FIGURES",
    "NARROW",
    "WIDE",
    "alternatives_figure",
    "cost_and_benefit",
    "critical_difference",
    "forest_plot",
    "learning_curves",
    "paired_dots",
    "reliability_diagrams",
    "save",
    "style",
]

# Each takes (record, summaries, *, width, title), the width in inches.
FIGURES = {
    "forest": forest_plot,
    "curves": learning_curves,
    "dots": paired_dots,
    "reliability": reliability_diagrams,
    "cost": cost_and_benefit,
    "alternatives": alternatives_figure,
}
