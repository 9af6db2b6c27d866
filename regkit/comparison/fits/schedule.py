"""The fits of a study: which are done, which have failed, which are left to do."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.study import Task, TaskKey
from regkit.comparison.fits.units import Unit, cut
from regkit.comparison.fits.worker import Failure
from regkit.comparison.record.results import Fit

__all__ = ["Schedule"]


class Schedule:
    """What is done of a study and what is left.

    After a failure no later fit of that arm is left to do, and after one of the baseline no later
    fit at all.

    Args:
        tasks: All fits, in their order.

    Attributes:
        results: What came of the fits that were tried.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.results: dict[TaskKey, Fit | Failure] = {}
        self._places = {task.key: place for place, task in enumerate(tasks)}
        self._failed: dict[str, int] = {}  # arm → the place of its first fit that failed

    def take(self, key: TaskKey, result: Fit | Failure) -> None:
        """Note what came of a fit; one that is of another study is left out."""
        if key not in self._places:
            return
        self.results[key] = result
        if isinstance(result, Failure):
            place = self._places[key]
            self._failed[key[0]] = min(place, self._failed.get(key[0], place))

    def is_left(self, task: Task) -> bool:
        """Return whether a fit is to be done."""
        end = len(self.tasks)
        before = min(self._failed.get(task.arm, end), self._failed.get(BASELINE, end))
        return task.key not in self.results and self._places[task.key] < before

    @property
    def settled(self) -> int:
        """The number of fits that are done, or will not be."""
        return sum(not self.is_left(task) for task in self.tasks)

    def untimed(self, kinds: Mapping[str, Hashable]) -> Iterator[Task]:
        """Yield the first fit left of each arm whose fits are members and of which none is done."""
        seen = {fit.arm for fit in self.results.values() if isinstance(fit, Fit)}
        for task in self.tasks:
            if task.arm in kinds and task.arm not in seen and self.is_left(task):
                seen.add(task.arm)
                yield task

    def units(self, kinds: Mapping[str, Hashable], size: int) -> Iterator[Unit]:
        """Yield the units of which a fit is left, when each is asked for.

        Args:
            kinds: Arm → what is equal for arms whose fits can be members of one group.
            size: The number of members of a group.
        """
        for unit in cut(self.tasks, lambda task: kinds.get(task.arm), size):
            if any(map(self.is_left, unit.tasks)):
                yield unit
