"""The fits of a study: which are done, which have failed, which are left to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping, Sequence

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.study import Study, Task, TaskKey
from regkit.comparison.fits.units import Unit, cut
from regkit.comparison.fits.worker import Failure
from regkit.comparison.record.results import Fit, Trial
from regkit.comparison.statistics import choice

__all__ = ["Kinds", "Schedule"]

# (Arm, recipe) → what is equal for those whose fits can be members of one group.
Kinds = Mapping[tuple[str, str], Hashable]


class Schedule:
    """What is done of a study and what is left.

    After a failure no later fit of that arm is left to do, and after one of the baseline no later
    fit at all. An alternative that diverges is not chosen in that split; where all do the arm has
    failed.

    Args:
        study: The study.

    Attributes:
        tasks: All fits and trials, in their order.
        results: What came of those that were done.
    """

    def __init__(self, study: Study) -> None:
        self.study, self.tasks = study, study.tasks()
        self.results: dict[TaskKey, Fit | Trial | Failure] = {}
        self._places = {task.key: place for place, task in enumerate(self.tasks)}
        self._trials: dict[tuple[str, int], list[Task]] = {}  # of an arm in a split
        for task in self.tasks:
            if task.trial:
                self._trials.setdefault((task.arm, task.repeat.split), []).append(task)
        self._failed: dict[str, tuple[int, Failure]] = {}  # arm → where it failed first, and how

    def take(self, task: Task, result: Fit | Trial | Failure) -> None:
        """Note what came of a task."""
        self.results[task.key] = result
        if isinstance(result, Failure):
            self._end(task, result)
        elif isinstance(result, Trial) and result.diverged:
            self._end_where_all_diverged(task)

    def take_earlier(self, results: Sequence[Fit | Trial]) -> None:
        """Note what was done before, but for what is of another study, or now chosen no more."""
        tasks = {task.key: task for task in self.tasks}
        for kind in (Trial, Fit):  # trials settle which fits count
            for result in results:
                recipe = result.recipe if isinstance(result, Trial) else ""
                task = tasks.get((result.arm, result.split, result.seed, recipe))
                if isinstance(result, kind) and task and self._is_of(task, result):
                    self.take(task, result)

    def _is_of(self, task: Task, result: Fit | Trial) -> bool:
        resolved = self._resolved(task)
        return resolved is not None and resolved.recipe == result.recipe

    def _end(self, task: Task, failure: Failure) -> None:
        """Let no fit of an arm count from a task on."""
        here = self._places[task.key], failure
        self._failed[task.arm] = min(here, self._failed.get(task.arm, here), key=lambda end: end[0])

    def _end_where_all_diverged(self, task: Task) -> None:
        """End an arm of which no alternative is left to choose in the split of a trial."""
        tried = self._trials[task.arm, task.repeat.split]
        lost = {
            each: result.diverged
            for each in tried
            if isinstance(result := self.results.get(each.key), Trial) and result.diverged
        }
        if {each.recipe for each in lost} == {each.recipe for each in tried}:
            first, reason = next(iter(lost.items()))
            self._end(first, Failure(reason, diverged=True))

    def _counts(self, task: Task) -> bool:
        """Return whether a task comes before the failure of its arm and of the baseline."""
        ends = (self._failed[arm][0] for arm in (task.arm, BASELINE) if arm in self._failed)
        return all(self._places[task.key] < end for end in ends)

    def is_left(self, task: Task) -> bool:
        """Return whether a task is to be done."""
        return task.key not in self.results and self._counts(task)

    @property
    def settled(self) -> int:
        """The number of tasks that are done, or will not be."""
        return sum(not self.is_left(task) for task in self.tasks)

    def _resolved(self, task: Task) -> Task | None:
        """Return a task with its recipe; None where that is not yet chosen."""
        tried = [] if task.trial else self._trials.get((task.arm, task.repeat.split), [])
        if not tried:
            return task
        done = [r for each in tried if isinstance(r := self.results.get(each.key), Trial)]
        if len(done) < len(tried):
            return None
        recipe = choice.chosen(done, self.study.settings["measure"])
        return None if recipe is None else dataclasses.replace(task, recipe=recipe)

    # -- what came of it -----------------------------------------------------------------------

    @property
    def failures(self) -> dict[str, Failure]:
        """Arm → how it failed; none that comes after the failure of the baseline."""
        end = self._failed.get(BASELINE, (len(self.tasks), None))[0]
        in_order = sorted(self._failed.items(), key=lambda item: item[1][0])
        return {arm: failure for arm, (place, failure) in in_order if place <= end}

    def fits(self) -> list[Fit]:
        """Return the fits that count, in their order."""
        return [result for result in self._counting() if isinstance(result, Fit)]

    def trials(self) -> list[Trial]:
        """Return the trials that count, in their order."""
        return [result for result in self._counting() if isinstance(result, Trial)]

    def _counting(self) -> Iterator[Fit | Trial | Failure]:
        done = (task for task in self.tasks if task.key in self.results and self._counts(task))
        return (self.results[task.key] for task in done)

    # -- what is to be done --------------------------------------------------------------------

    def untimed(self, kinds: Kinds) -> Iterator[Task]:
        """Yield a fit of each arm whose fits are members and of which none is done."""
        seen = {result.arm for result in self.results.values() if isinstance(result, Fit)}
        first = self.tasks[0].repeat
        for arm, recipes in self.study.recipes.items():
            members = [recipe for recipe in recipes if (arm, recipe) in kinds]
            left = any(self.is_left(task) for task in self.tasks if task.arm == arm)
            if members and left and arm not in seen:
                yield Task(arm, members[0], first)

    def rounds(self, kinds: Kinds, size: int, jobs: int) -> Iterator[Iterator[Unit]]:
        """Yield units, when each is asked for, in rounds: one needs all of the round before.

        First come trials, and fits that need none; then the fits of what was chosen. Fits by
        themselves are done split by split, so that what is stopped has whole splits; groups are cut
        from all splits at once, and what is resumed has the same groups.

        Args:
            kinds: Of those whose fits can be members.
            size: The number of members of a group.
            jobs: How many units are done beside each other.
        """
        splits = sorted({task.repeat.split for task in self.tasks})
        step = len(splits) if kinds else jobs
        for start in range(0, len(splits), step):
            within = {*splits[start : start + step]}
            ready: list[Task] = []
            waiting: list[Task] = []
            for task in self.tasks:
                if task.repeat.split in within:
                    chooses = not task.trial and (task.arm, task.repeat.split) in self._trials
                    (waiting if chooses else ready).append(task)
            yield self._units(ready, kinds, size)
            chosen = [found for task in waiting if (found := self._resolved(task)) is not None]
            yield self._units(chosen, kinds, size)

    def _units(self, tasks: Sequence[Task], kinds: Kinds, size: int) -> Iterator[Unit]:
        """Yield the units of which something is left, when each is asked for."""
        for unit in cut(tasks, lambda task: kinds.get((task.arm, task.recipe)), size):
            if any(map(self.is_left, unit.tasks)):
                yield unit
