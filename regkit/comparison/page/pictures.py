"""The figures of the report, each for a wide and a narrow page, with what they say in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.figure import Figure

from regkit.comparison import figures
from regkit.comparison.page.svg import inline
from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import Summary, pairs
from regkit.comparison.statistics.measures import Measure, deciding
from regkit.comparison.statistics.ranks import Ranking
from regkit.comparison.words.choice_text import how_chosen
from regkit.comparison.words.verdict_text import repeats
from regkit.core.words import signed

__all__ = ["Picture", "of_ranking", "of_record"]


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Attributes:
        key: Its kind, part of its address.
        title: Its heading.
        caption: What it shows and how it is read.
        wide: The drawing for a wide page.
        narrow: The drawing for a telephone.
        legend: Which marks are explained below it: "verdicts", "dots" or "arm".
    """

    key: str
    title: str
    caption: str
    wide: Markup
    narrow: Markup
    legend: str


def of_record(record: Record, summaries: list[Summary]) -> list[Picture]:
    """Return the pictures that the record has the numbers for.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
    """
    with figures.style():
        return [
            _picture(kind, record, summaries)
            for kind in figures.FIGURES
            if _possible(kind, record, summaries)
        ]


def of_ranking(ranking: Ranking) -> Picture:
    """Return the critical-difference diagram."""
    places = ", ".join(f"{arm} {place:.2f}" for arm, place in ranking.mean_ranks.items())
    text = f"Mean ranks over {ranking.n} data sets: {places}."
    joined = "A bar at the right joins arms whose mean ranks differ by less than the critical "
    joined += "difference (Nemenyi, 5 %); the mark is the verdict against the baseline."

    def draw(width: float) -> Figure:
        return figures.critical_difference(ranking, width=width, title=False)

    with figures.style():
        wide, narrow = (inline(draw(w), f"r{w:g}-", text) for w in (figures.WIDE, figures.NARROW))
    return Picture("ranks", "Ranks", joined, wide, narrow, "verdicts")


def _possible(kind: str, record: Record, summaries: list[Summary]) -> bool:
    if kind == "alternatives":
        return bool(record.trials)
    if kind == "reliability":
        return any(fit.reliability for fit in record.fits)
    if kind == "curves":
        return any(fit.curves for fit in record.fits)
    first = deciding(record)[0].name
    arms = [arm for arm in summaries if arm.outcomes[first].difference]
    return any(math.isfinite(arm.cost) for arm in arms) if kind == "cost" else bool(arms)


def _picture(kind: str, record: Record, summaries: list[Summary]) -> Picture:
    title, caption, legend = CAPTIONS[kind]
    measure = measures.of_record(record)[0]
    words = {"repeats": repeats(record), "measure": measure.name}
    alt_text = f"{title}. {ALT_TEXTS[kind](record, summaries)}"
    wide, narrow = (
        inline(
            figures.FIGURES[kind](record, summaries, width=width, title=False),
            f"{kind}-{size}-",
            alt_text,
        )
        for size, width in (("w", figures.WIDE), ("n", figures.NARROW))
    )
    return Picture(kind, title, caption.format(**words), wide, narrow, legend)


CAPTIONS = {
    "forest": (
        "Differences to the baseline",
        "Mean paired difference of each arm to the baseline over {repeats}, with its corrected "
        "95 % interval. Within the grey band a difference counts as none.",
        "verdicts",
    ),
    "dots": (
        "Split by split",
        "The same differences, split by split: a point is a split, the bar is their mean.",
        "dots",
    ),
    "curves": (
        "Learning curves",
        "Validation {measure} by epoch. Line: mean over the fits; band: the middle 80 % of them; "
        "dot: median best epoch.",
        "arm",
    ),
    "reliability": (
        "Reliability",
        "Of the predictions with a given confidence, how many are right? Each point is a tenth of "
        "the test examples of all fits. On the diagonal both agree; below it a model is too sure.",
        "arm",
    ),
    "cost": (
        "Cost against benefit",
        "Difference in {measure}, with its 95 % interval, against the time of an epoch. The "
        "baseline is where the two lines cross; up and to the left is better.",
        "verdicts",
    ),
    "alternatives": (
        "Alternatives",
        "Validation {measure} of each alternative, mean ± standard error over {repeats}, and in "
        "how many splits it was chosen.",
        "arm",
    ),
}


def _forest_text(record: Record, summaries: list[Summary]) -> str:
    return " ".join(
        f"By {m.name}: {'; '.join(_difference_text(arm, m) for arm in summaries[1:])}."
        for m in deciding(record)
    )


def _difference_text(arm: Summary, measure: Measure) -> str:
    outcome, n = arm.outcomes[measure.name], measure.digits
    if outcome.difference is None:
        return f"{arm.label} without a pair"
    d = outcome.difference
    interval = f" ({signed(d.low, n)} to {signed(d.high, n)})" if math.isfinite(d.low) else ""
    return f"{arm.label} {signed(d.mean, n)}{interval}, {outcome.verdict}"


def _dots_text(record: Record, summaries: list[Summary]) -> str:
    measure = deciding(record)[0]
    counted = []
    for arm in summaries[1:]:
        values = pairs(record, arm.arm, measure)
        better = sum(measure.sign * v > 0 for v in values)
        counted.append(f"{arm.label} on {better} of {len(values)}")
    return f"Splits on which an arm was better by {measure.name}: {', '.join(counted)}."


def _curves_text(record: Record, summaries: list[Summary]) -> str:
    epochs = ", ".join(f"{arm.label} {arm.best_epoch:g}" for arm in summaries)
    return f"Median best epoch: {epochs}."


def _reliability_text(record: Record, summaries: list[Summary]) -> str:
    name = "calibration error"
    errors = ", ".join(f"{arm.label} {arm.outcomes[name].mean:.1f}" for arm in summaries)
    return f"Calibration error in points: {errors}."


def _cost_text(record: Record, summaries: list[Summary]) -> str:
    measure = deciding(record)[0]
    costs = (f"{_difference_text(arm, measure)}, at {arm.cost:.2f} times" for arm in summaries[1:])
    return f"{measure.name} and the time of an epoch: {'; '.join(costs)}."


ALT_TEXTS: dict[str, Callable[[Record, list[Summary]], str]] = {
    "forest": _forest_text,
    "dots": _dots_text,
    "curves": _curves_text,
    "reliability": _reliability_text,
    "cost": _cost_text,
    "alternatives": lambda record, _: how_chosen(record),
}
