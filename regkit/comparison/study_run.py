"""A study as it runs: which fits are done, which failed, and the journal of them on disk."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any, cast

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.networks import count_parameters
from regkit.comparison.design.parts import Parts
from regkit.comparison.design.settings import Settings
from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits.alone import Alone
from regkit.comparison.fits.cluster import Cluster
from regkit.comparison.fits.execution import Execution, Here, Processes
from regkit.comparison.fits.schedule import Schedule
from regkit.comparison.fits.units import MOST, Unit, best_size
from regkit.comparison.fits.worker import Done, Failure, Worker
from regkit.comparison.record.description import (
    count_test_examples,
    describe_data,
    describe_environment,
)
from regkit.comparison.record.journal import Journal
from regkit.comparison.record.rerun import Request, rerun_command
from regkit.comparison.record.results import Environment, Fit, Record, Trial, label
from regkit.comparison.statistics.measures import chosen
from regkit.comparison.words.progress import FitProgress
from regkit.core.errors import RegkitError
from regkit.core.model_building import ModelBuilder
from regkit.data.dataset import Dataset

__all__ = ["StudyRun", "completed"]


def completed(
    arms: dict[str, str],
    data: Dataset,
    build: ModelBuilder,
    model: str,
    settings: Mapping[str, Any],
) -> tuple[Study, Parts]:
    """Return a study with complete settings, and the examples of its first repeat.

    Measure and batch size, where they are None, follow from the data.

    Args:
        arms: Name → recipe.
        data: The examples.
        build: Builds a compiled model.
        model: Its name.
        settings: Those of `Settings`; the measure and the batch size may be None.

    Raises:
        RegkitError: where the data cannot have the measure, or is too small for the sizes.
    """
    study = Study(arms, data, build, model, cast("Settings", dict(settings)))
    first = study.parts(study.tasks()[0].repeat)
    if settings["batch_size"] is None:
        study.settings["batch_size"] = min(256, max(16, len(first.y_train) // 4))
    counts = count_test_examples(data, first)
    study.settings["measure"] = chosen(settings["measure"], data.task, list(counts.values()))
    return study, first


class StudyRun:
    """A study as it runs: what is done, what failed, what is written.

    Args:
        study: What is fitted.
        first: The examples of its first repeat.
        request: What was asked for beside it.

    Raises:
        RegkitError: where the model does not fit the labels.
    """

    def __init__(self, study: Study, first: Parts, request: Request) -> None:
        self.study, self.request = study, request
        self.data_facts = describe_data(study.data, first)
        self.worker = Worker(study)
        parameters = count_parameters(self.worker.baseline_model())
        self.environment = describe_environment(parameters)
        self.schedule = Schedule(study)
        # (Arm, recipe) whose fits can be members, with what is equal for those of one group; arms
        # with others, and why.
        self.kinds: dict[tuple[str, str], Hashable] = {}
        self.by_themselves: dict[str, str] = {}
        self.journal: Journal | None = None
        self.stopped = ""
        self.start = time.perf_counter()

    def open(self, resume: bool) -> int:
        """Open the journal in the output folder; return how many fits it has already.

        Raises:
            RegkitError: where the folder cannot be written, or what is to be resumed is not there
                or is of another study.
        """
        folder = self.request.output
        earlier = Journal.header(folder) if resume and folder is not None else {}
        self._set_groups(earlier.get("group_size"))
        if folder is None:
            return 0
        self.journal = Journal(folder, self.study.identity() | self._versions())
        if not resume:
            try:
                self.journal.begin()
            except OSError as error:
                raise RegkitError(
                    f"output {str(folder)!r} cannot be written ({error.strerror}); name a folder "
                    "that can (output, --output)"
                ) from error
            return 0
        self.schedule.take_earlier(self.journal.resume(self.study.recipes))
        return len(self.schedule.results)

    def _set_groups(self, earlier: int | None) -> None:
        """Settle which fits are members, and the size of groups.

        The size is what was asked for, else what the study had before, else the best.
        """
        settings = self.study.settings
        if settings["engine"] == "sequential":
            settings["group_size"] = None
            return
        settings["group_size"] = settings["group_size"] or earlier
        self.kinds, self.by_themselves = self.worker.kinds()
        if not self.kinds:
            settings["group_size"] = None
        elif settings["group_size"] is None:
            settings["group_size"] = self._best_group_size()
        if settings["group_size"] == 1:
            reason = "a group finds no room in the free memory, or group_size is 1"
            self.by_themselves |= dict.fromkeys((arm for arm, _ in self.kinds), reason)
            self.kinds = {}

    def _best_group_size(self) -> int:
        repeats = self.study.settings["splits"] * self.study.settings["seeds"]
        counts = Counter(self.kinds.values())
        # On a cluster groups are those of one process here, so that the numbers are too.
        jobs = self.request.jobs if self.request.scheduler is None else 1
        most = min(MOST, self.worker.most_members(jobs))
        return best_size((recipes * repeats for recipes in counts.values()), most)

    def _versions(self) -> dict[str, str]:
        backend = self.environment["backend"]
        return {name: self.environment["versions"][name] for name in ("keras", backend)}

    def record(self) -> Record:
        """Return what is known so far, in the order in which one process would have got it."""
        failures = self.schedule.failures
        if BASELINE in failures:
            self.stopped = f"the baseline failed: {failures[BASELINE].reason}"
        return Record(
            arms=self.study.arms,
            fits=tuple(self.schedule.fits()),
            failures={arm: failure.reason for arm, failure in failures.items()},
            diverged=tuple(arm for arm, failure in failures.items() if failure.diverged),
            settings={"model": self.study.model, **self.study.settings},
            data=self.data_facts,
            environment=self._environment(),
            stopped=self.stopped,
            by_themselves=self.by_themselves,
            alternatives={a: found for a, found in self.study.recipes.items() if len(found) > 1},
            trials=tuple(self.schedule.trials()),
        )

    def _environment(self) -> Environment:
        command = rerun_command(
            self.request,
            self.study.arms,
            self.study.settings,
            self.environment["backend"],
            self.study.data.sha256,
        )
        seconds = round(time.perf_counter() - self.start, 1)
        return {**self.environment, "command": command, "seconds": seconds}

    # -- fits ----------------------------------------------------------------------------------

    def go(self, done: int, show_progress: bool) -> None:
        """Do the fits that are not done; keep each as soon as it is there.

        Args:
            done: How many were done before.
            show_progress: Whether to show a bar.

        Raises:
            RegkitError: where the baseline gives no result.
        """
        total = len(self.schedule.tasks)
        with FitProgress(total, show_progress, done) as progress, self._interruptible():
            for reason, arms in self._arms_by_reason().items():
                progress.note(f"{arms}: fits one after the other, because {reason}")
            with self._execution(progress) as execution:
                costs = self._costs(execution)
                size = self.study.settings["group_size"] or 1
                rounds = self.schedule.rounds(self.kinds, size, self.request.jobs)
                # A round is begun when the one before is done: its units follow from that.
                for unit, outcome in chain.from_iterable(map(execution.units, rounds)):
                    self._take(unit, outcome, costs, progress)
                    progress.advance(self.schedule.settled - progress.done)
                    if self.stopped:
                        break
        record = self.record()
        if not record.of(BASELINE):
            reason = record.failures.get(BASELINE, self.stopped)
            raise RegkitError(f"the baseline gave no result, so nothing can be compared: {reason}")

    def _execution(self, progress: FitProgress) -> Execution:
        if self.request.scheduler is not None:
            return Cluster(self.study, self.request.scheduler)
        if self.request.jobs > 1:
            return Processes(self.study, self.request.jobs)

        def begin(task: Task, count: int) -> None:
            progress.begin(self._label(task.arm))

        return Here(self.worker, begin)

    def _costs(self, execution: Execution) -> dict[str, Alone]:
        """Return what a fit by itself costs, of each arm whose fits are members.

        An arm whose fit by itself fails is no member: its fits are tried by themselves.
        """
        costs = {
            fit.arm: Alone(fit.epoch_seconds, fit.peak_memory)
            for fit in self.schedule.results.values()
            if isinstance(fit, Fit)
        }
        for task, cost in execution.alone(self.schedule.untimed(self.kinds)):
            if cost is None:
                for recipe in self.study.recipes[task.arm]:
                    self.kinds.pop((task.arm, recipe), None)
            else:
                costs[task.arm] = cost
        return costs

    def _take(
        self, unit: Unit, outcome: Done, costs: Mapping[str, Alone], progress: FitProgress
    ) -> None:
        """Take up what came of a unit, until a result cannot be written."""
        if outcome.reason:
            new = {task.arm for task in unit.tasks} - {*self.by_themselves}
            self.by_themselves |= dict.fromkeys(new, outcome.reason)
            for arm in new:
                progress.note(
                    f"{self._label(arm)}: fits one after the other, because {outcome.reason}"
                )
        for task, result in outcome.results:
            if task.key in self.schedule.results:
                continue  # it was done before, and again beside the others of its group
            if isinstance(result, Failure):
                why = f"failed and is taken out: {result.reason}"
                progress.note(f"{self._label(task.arm)} {why}")
            elif isinstance(result, Trial) and result.diverged:
                progress.note(f"{task.recipe} diverged and is not chosen: {result.diverged}")
            elif isinstance(result, Fit) and result.engine == "vectorized":
                cost = dataclasses.asdict(costs[task.arm])
                result = dataclasses.replace(result, **cost)
            self.schedule.take(task, result)
            if self.journal and not isinstance(result, Failure):
                self._write(self.journal, result)
            if self.stopped:
                return

    def _arms_by_reason(self) -> dict[str, str]:
        """Return reason → the arms whose fits are made one after the other for it, in words."""
        reasons = dict.fromkeys(self.by_themselves.values())
        return {
            reason: ", ".join(map(self._label, arms))
            for reason in reasons
            if (arms := [arm for arm, why in self.by_themselves.items() if why == reason])
        }

    def _label(self, arm: str) -> str:
        return label(arm, self.study.arms[arm])

    def _write(self, journal: Journal, result: Fit | Trial) -> None:
        try:
            journal.add(result)
        except OSError as error:
            self.stopped = f"{journal.path} cannot be written ({error.strerror})"

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            if not self.schedule.results:
                raise
            self.stopped = "interrupted"
