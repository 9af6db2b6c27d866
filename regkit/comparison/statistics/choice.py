"""The choice among an arm's alternatives: by the validation examples of a split, within it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from regkit.comparison.record.results import Fit, Record, Trial
from regkit.comparison.statistics import measures

__all__ = ["Alternative", "alternatives", "best_alternative", "trials"]


def trials(
    fits: Mapping[str, Sequence[Fit]],
    options: Mapping[str, Mapping[str, Any]],
    arm: str,
    split: int,
    measure: str,
) -> list[Trial]:
    """Return what each alternative of an arm measured in a split; the best is the chosen one.

    Alternatives are compared as epochs are: by the measure that decides, among equals by the NLL,
    at each fit's best epoch, averaged over seeds. Of equal ones the first is chosen. The test
    examples play no part.

    Args:
        fits: Recipe → the fits of its seeds; none for one that diverged.
        options: Recipe → the options in which it differs from the others.
        arm: The arm's name.
        split: The number of the split.
        measure: What decides, by its key.
    """
    means = {
        recipe: {key: float(np.mean([f.validation[key] for f in own])) for key in own[0].validation}
        for recipe, own in fits.items()
        if own
    }
    best = max(means, key=lambda each: measures.selection(means[each], measure), default=None)
    return [
        Trial(arm, recipe, dict(options[recipe]), split, means.get(recipe, {}), recipe == best)
        for recipe in fits
    ]


@dataclass(frozen=True)
class Alternative:
    """What is known of one alternative of an arm, over splits.

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
    return [
        Alternative(
            recipe,
            tried[0].options,
            tuple(
                measure.of(trial, "validation") if trial.validation else math.nan for trial in tried
            ),
            sum(trial.chosen for trial in tried),
        )
        for recipe, tried in record.tried(arm).items()
    ]


def best_alternative(record: Record, arm: str) -> Alternative | None:
    """Return the alternative with the best mean on validation examples; None without any."""
    sign = measures.of_record(record)[0].sign
    whole = [each for each in alternatives(record, arm) if math.isfinite(each.mean)]
    return max(whole, key=lambda each: sign * each.mean, default=None)
