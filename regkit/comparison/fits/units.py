"""Which fits of a study are done together: cut into groups of members, all of one size."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.study import Task

__all__ = ["MOST", "Unit", "best_size", "cut"]

MOST = 16  # members in a group: past that, memory grows and little is gained
_CALL = 3  # what a step of a group costs beside its members, in members


@dataclass(frozen=True)
class Unit:
    """Fits that are done together.

    Attributes:
        tasks: The fits.
        size: The number of members of the group that does them, where the last is repeated as
            often as it takes; None for a fit by itself.
    """

    tasks: tuple[Task, ...]
    size: int | None = None


def best_size(counts: Iterable[int], most: int = MOST) -> int:
    """Return the size of groups with which fits of several kinds cost the least.

    Args:
        counts: How many fits there are of each kind; fits of two kinds share no group.
        most: The largest size that is allowed.

    Example:
        >>> best_size([10, 10]), best_size([25]), best_size([6, 6, 18]), best_size([2])
        (10, 13, 6, 2)
    """
    kinds = list(counts)

    def cost(size: int) -> int:
        return sum(math.ceil(count / size) * (_CALL + size) for count in kinds)

    return min(range(1, max(most, 1) + 1), key=cost)


def cut(tasks: Sequence[Task], kind_of: Callable[[Task], Hashable | None], size: int) -> list[Unit]:
    """Return the units of a study, those first whose first fit comes first.

    Of groups that begin in one repeat that of the baseline is first: without it nothing can be
    compared. Groups are cut from all fits of a kind in their order, whether they are done or not,
    so that a study that is resumed has the same groups.

    Args:
        tasks: All fits of the study.
        kind_of: What is equal for two fits that can be members of one group; None for a fit by
            itself.
        size: The number of members of every group.
    """
    kinds: dict[Hashable, list[Task]] = {}
    units: list[Unit] = []
    for task in tasks:
        kind = kind_of(task)
        if kind is None or size < 2:
            units.append(Unit((task,)))
        else:
            kinds.setdefault(kind, []).append(task)
    for members in kinds.values():
        starts = range(0, len(members), size)
        units += [Unit(tuple(members[start : start + size]), size) for start in starts]
    places = {task.key: place for place, task in enumerate(tasks)}
    repeats = {task.repeat: number for number, task in reversed([*enumerate(tasks)])}

    def order(unit: Unit) -> tuple[int, bool, bool, int]:
        first, together = unit.tasks[0], unit.size is not None
        others = together and all(task.arm != BASELINE for task in unit.tasks)
        return repeats[first.repeat], not together, others, places[first.key]

    return sorted(units, key=order)
