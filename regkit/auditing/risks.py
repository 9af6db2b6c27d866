"""Pairs of classes that are confused more often after a change than before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from regkit.comparison.statistics.paired_differences import holm
from regkit.types import Array

__all__ = ["Risk", "at_risk", "confusions"]


@dataclass(frozen=True)
class Risk:
    """How often examples of one class look like another after a change.

    Attributes:
        change: What was done: a technique with its strength, or a recipe.
        judge: "neighbours" or "model".
        label: The class, by number.
        looks_like: The other one.
        rate: The share of the changed examples of the class that look like the other.
        before: The share of the same examples before the change.
        interval: Of the rate, Wilson's, with 95 % confidence.
        p: Of the hypothesis that the change makes it no more frequent: the sign test on examples
            that look like the other class at one time only, adjusted by Holm over all pairs.
        examples: Which examples, by their place among those that were checked.
    """

    change: str
    judge: str
    label: int
    looks_like: int
    rate: float
    before: float
    interval: tuple[float, float]
    p: float
    examples: tuple[int, ...]


def confusions(
    change: str,
    judge: str,
    y: Array,
    before: Array,
    after: Array,
    changed: Array,
    n_classes: int,
) -> list[Risk]:
    """Return how often each class looks like each other one, with p unadjusted.

    Args:
        change: What was done.
        judge: Who says what an example looks like.
        y: The classes.
        before: What each example looks like as it is.
        after: What it looks like after the change.
        changed: Which examples the change has changed at all.
        n_classes: How many classes there are.

    Example:
        >>> y = np.zeros(40, int)
        >>> (found,) = confusions("half turn", "model", y, y, y + 1, y == 0, 2)
        >>> (found.label, found.looks_like, found.rate, found.p < 1e-9)
        (0, 1, 1.0, True)
    """
    found = []
    for label in range(n_classes):
        own = np.flatnonzero((y == label) & changed)
        for other in range(n_classes):
            if other == label or not len(own):
                continue
            was, now = before[own] == other, after[own] == other
            gained, lost = int((now & ~was).sum()), int((was & ~now).sum())
            if not gained:
                continue
            p = stats.binomtest(gained, gained + lost, 0.5, alternative="greater").pvalue
            wilson = stats.binomtest(int(now.sum()), len(own)).proportion_ci(method="wilson")
            found.append(
                Risk(
                    change,
                    judge,
                    label,
                    other,
                    float(now.mean()),
                    float(was.mean()),
                    (float(wilson.low), float(wilson.high)),
                    float(p),
                    tuple(int(place) for place in own[now & ~was]),
                )
            )
    return found


def at_risk(found: list[Risk], n_tests: int, rate: float, level: float) -> list[Risk]:
    """Return those that are frequent and no chance, the most frequent first, with adjusted p.

    Args:
        found: All that were found.
        n_tests: How many pairs were looked at, those without any confusion counted.
        rate: The least increase of the rate that matters.
        level: Of the tests, over all pairs together.
    """
    p = np.ones(max(n_tests, len(found)))
    p[: len(found)] = [one.p for one in found]
    adjusted = holm(p)[: len(found)]
    kept = [
        replace(one, p=float(new))
        for one, new in zip(found, adjusted, strict=True)
        if new < level and one.rate - one.before >= rate
    ]
    return sorted(kept, key=lambda one: -one.rate)
