"""The choice among an arm's alternatives: by the validation examples of a split, within it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from regkit.comparison.record.results import Record, Trial
from regkit.comparison.statistics import measures

__all__ = ["Alternative", "alternatives", "best_alternative", "chosen"]


def chosen(trials: Iterable[Trial], measure: str) -> str | None:
    """Return the recipe that is best on the validation examples of a split.

    Alternatives are compared as epochs are: by the measure that decides, among equals by the NLL,
    at each fit's best epoch, averaged over seeds. Of equal ones the first is chosen; none that
    diverged with any seed. The test examples play no part.

    Args:
        trials: Of all alternatives of an arm in the split.
        measure: What decides, by its key.

    Returns:
        The recipe; None where all diverged.
    """
    merits: dict[str, list[tuple[float, ...]]] = {}
    for trial in trials:
        merit = (math.nan,) if trial.diverged else measures.selection(trial.validation, measure)
        merits.setdefault(trial.recipe, []).append(merit)
    means = {
        recipe: tuple(np.mean(own, axis=0))
        for recipe, own in merits.items()
        if not any(math.isnan(merit[0]) for merit in own)
    }
    return max(means, key=lambda recipe: means[recipe], default=None)


@dataclass(frozen=True)
class Alternative:
    """What is known of one alternative of an arm, over the splits in which all were tried.

    Attributes:
        recipe: In text.
        options: The options in which it differs from the others.
        values: What decides, on the validation examples of each split; NaN where it diverged.
        times_chosen: The number of splits in which it was chosen.
    """

    recipe: str
    options: dict[str, Any]
    values: tuple[float, ...] = field(repr=False)
    times_chosen: int

    @property
    def mean(self) -> float:
        """The mean over splits; NaN where it diverged in any."""
        return float(np.mean(self.values))

    @property
    def standard_error(self) -> float:
        """The standard error of the mean; NaN for a single split."""
        n = len(self.values)
        return float(np.std(self.values, ddof=1)) / math.sqrt(n) if n > 1 else math.nan

    @property
    def times_diverged(self) -> int:
        """The number of splits in which it diverged."""
        return sum(map(math.isnan, self.values))


def alternatives(record: Record, arm: str) -> list[Alternative]:
    """Return the alternatives of an arm in their order; none for an arm with one recipe.

    Values are those of the first measure, in its unit.
    """
    measure = measures.of_record(record)[0]
    options = record.alternatives.get(arm, {})
    splits = [own for own in _by_split(record, arm) if {t.recipe for t in own} == {*options}]
    winners = [chosen(own, record.settings["measure"]) for own in splits]
    if not splits:
        return []
    return [
        Alternative(
            recipe,
            differs,
            tuple(
                float(np.mean([_value(t, measure) for t in own if t.recipe == recipe]))
                for own in splits
            ),
            winners.count(recipe),
        )
        for recipe, differs in options.items()
    ]


def best_alternative(record: Record, arm: str) -> Alternative | None:
    """Return the alternative with the best mean on validation examples; None without any."""
    sign = measures.of_record(record)[0].sign
    whole = [each for each in alternatives(record, arm) if math.isfinite(each.mean)]
    return max(whole, key=lambda each: sign * each.mean, default=None)


def _by_split(record: Record, arm: str) -> list[list[Trial]]:
    """Return the trials of an arm, split by split."""
    by_split: dict[int, list[Trial]] = {}
    for trial in record.trials:
        if trial.arm == arm:
            by_split.setdefault(trial.split, []).append(trial)
    return [own for _, own in sorted(by_split.items())]


def _value(trial: Trial, measure: measures.Measure) -> float:
    return math.nan if trial.diverged else measure.of(trial, "validation")
