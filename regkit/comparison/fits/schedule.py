"""The fits of a study: which are done, which have failed, which are left to do."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.study import Task, TaskKey
from regkit.comparison.fits.units import Unit, cut
from regkit.comparison.fits.worker import Failure
from regkit.comparison.record.results import Fit, Trial
from regkit.comparison.statistics.choice import trials

__all__ = ["Schedule"]


class Schedule:
    """What is done of a study and what is left.

    After a failure no later fit of that arm is left to do, and after one of the baseline no later
    fit at all. An alternative that diverges is not chosen in that split; where all do the arm has
    failed.

    Args:
        tasks: All fits, in their order.
        recipes: Arm → the recipes among which it chooses → the options in which they differ.
        measure: What chooses, by its key.

    Attributes:
        results: What came of the fits that were tried.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        recipes: Mapping[str, Mapping[str, dict[str, Any]]],
        measure: str,
    ) -> None:
        self.tasks = tasks
        self._recipes, self._measure = recipes, measure
        self.results: dict[TaskKey, Fit | Failure] = {}
        self._places = {task.key: place for place, task in enumerate(self.tasks)}
        # Arm → split → its fits there.
        self._splits: dict[str, dict[int, list[Task]]] = {arm: {} for arm in recipes}
        for task in self.tasks:
            self._splits[task.arm].setdefault(task.repeat.split, []).append(task)
        self._failed: dict[str, tuple[int, Failure]] = {}  # arm → where it failed first, and how

    def take(self, key: TaskKey, result: Fit | Failure) -> None:
        """Note what came of a fit; one that is of another study is left out."""
        if key not in self._places:
            return
        self.results[key] = result
        if isinstance(result, Failure):
            arm = key[0]
            failures = [self._failure(arm, split) for split in self._splits[arm]]
            first = min((f for f in failures if f), key=lambda f: f[0], default=None)
            if first is not None:
                self._failed[arm] = first

    def _failure(self, arm: str, split: int) -> tuple[int, Failure] | None:
        """Return the place of the fit with which an arm has failed in a split, and why; or None."""
        tasks, recipes = self._splits[arm][split], self._recipes[arm]
        failures = {
            task: result
            for task in tasks
            if isinstance(result := self.results.get(task.key), Failure)
        }
        ends = [task for task, failure in failures.items() if failure.ends(recipes)]
        if len({task.recipe for task in failures}) == len(recipes):
            ends = [*failures]
        return (self._places[ends[0].key], failures[ends[0]]) if ends else None

    def _end(self, arm: str) -> int:
        """Return the place from which on no fit of an arm counts."""
        places = [self._failed[name][0] for name in (arm, BASELINE) if name in self._failed]
        return min(places, default=len(self.tasks))

    def is_left(self, task: Task) -> bool:
        """Return whether a fit is to be done."""
        return task.key not in self.results and self._places[task.key] < self._end(task.arm)

    @property
    def settled(self) -> int:
        """The number of fits that are done, or will not be."""
        return sum(not self.is_left(task) for task in self.tasks)

    # -- what came of it -----------------------------------------------------------------------

    @property
    def failures(self) -> dict[str, Failure]:
        """Arm → how it failed; none that comes after the failure of the baseline."""
        return {
            arm: failure
            for arm, (place, failure) in sorted(self._failed.items(), key=lambda item: item[1][0])
            if place <= self._end(BASELINE)
        }

    def trials(self) -> list[Trial]:
        """Return what alternatives measured, in splits where all fits of their arm are there."""
        return [
            trial
            for arm, splits in self._splits.items()
            if len(self._recipes[arm]) > 1
            for split, tasks in splits.items()
            if all(task.key in self.results for task in tasks)
            and self._places[tasks[-1].key] < self._end(arm)
            for trial in trials(self._fits(tasks), self._recipes[arm], arm, split, self._measure)
        ]

    def _fits(self, tasks: list[Task]) -> dict[str, list[Fit]]:
        """Return recipe → its fits, none of one with a failure."""
        fits: dict[str, list[Fit]] = {}
        failed = {task.recipe for task in tasks if isinstance(self.results[task.key], Failure)}
        for task in tasks:
            own, result = fits.setdefault(task.recipe, []), self.results[task.key]
            if isinstance(result, Fit) and task.recipe not in failed:
                own.append(result)
        return fits

    def fits(self) -> list[Fit]:
        """Return the fits that count, in their order: of alternatives those that were chosen."""
        chosen = {(trial.arm, trial.split): trial.recipe for trial in self.trials() if trial.chosen}
        return [
            result
            for task in self.tasks
            if isinstance(result := self.results.get(task.key), Fit)
            and self._places[task.key] < self._end(task.arm)
            and (
                len(self._recipes[task.arm]) == 1
                or chosen.get((task.arm, task.repeat.split)) == task.recipe
            )
        ]

    # -- what is to be done --------------------------------------------------------------------

    def untimed(self, kinds: Mapping[tuple[str, str], Hashable]) -> Iterator[Task]:
        """Yield the first fit left of each arm whose fits are members and of which none is done."""
        seen = {fit.arm for fit in self.results.values() if isinstance(fit, Fit)}
        for task in self.tasks:
            if (task.arm, task.recipe) in kinds and task.arm not in seen and self.is_left(task):
                seen.add(task.arm)
                yield task

    def units(self, kinds: Mapping[tuple[str, str], Hashable], size: int) -> Iterator[Unit]:
        """Yield the units of which a fit is left, when each is asked for.

        Args:
            kinds: (Arm, recipe) → what is equal for those whose fits can be members of one group.
            size: The number of members of a group.
        """
        for unit in cut(self.tasks, lambda task: kinds.get((task.arm, task.recipe)), size):
            if any(map(self.is_left, unit.tasks)):
                yield unit
