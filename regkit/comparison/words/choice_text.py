"""Which alternatives were chosen, in words."""

from __future__ import annotations

from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.choice import alternatives, best_alternative
from regkit.core.words import counted

__all__ = ["how_chosen", "one_to_use"]


def how_chosen(record: Record) -> str:
    """Return how arms with alternatives chose, and what; nothing where there are none."""
    choices = [f"{record.label(arm)}: {_choices(record, arm)}" for arm in _arms(record)]
    if not choices:
        return ""
    return (
        "An arm with alternatives tries each of them in each split, takes the one with the best "
        f"validation {measures.of_record(record)[0].name} there, and trains it anew, from the "
        "weights of the other arms: neither test examples nor the luck of a trial enter. "
        f"{'. '.join(choices)}."
    )


def one_to_use(record: Record, arm: str) -> str:
    """Return which alternative of an arm to use, as a clause; nothing where it has none."""
    best = best_alternative(record, arm)
    if best is None:
        return ""
    splits = len(best.values)
    return (
        f", of its alternatives {best.recipe}, the best on validation examples (chosen in "
        f"{best.times_chosen} of {counted(splits, 'split')})"
    )


def _arms(record: Record) -> list[str]:
    return [arm for arm in record.arms if alternatives(record, arm)]


def _choices(record: Record, arm: str) -> str:
    """Return what was chosen, the commonest first, and what diverged."""
    found = sorted(alternatives(record, arm), key=lambda each: -each.times_chosen)
    words = [
        f"{each.recipe} in {each.times_chosen} of {counted(len(each.values), 'split')}"
        for each in found
        if each.times_chosen
    ]
    words += [
        f"{each.recipe} diverged in {each.times_diverged}" for each in found if each.times_diverged
    ]
    return ", ".join(words)
