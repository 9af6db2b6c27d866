"""A study as it runs: which fits are done, which failed, and the journal of them on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.networks import count_parameters
from regkit.comparison.design.parts import Parts
from regkit.comparison.design.settings import Settings
from regkit.comparison.design.study import Study, Task, TaskKey
from regkit.comparison.fits.execution import in_processes, one_by_one
from regkit.comparison.fits.worker import Failure, Worker
from regkit.comparison.record.description import (
    count_test_examples,
    describe_data,
    describe_environment,
)
from regkit.comparison.record.journal import Journal
from regkit.comparison.record.rerun import Request, rerun_command
from regkit.comparison.record.results import Environment, Fit, Record, label
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
        environment = describe_environment(parameters)
        command = rerun_command(
            request, study.arms, study.settings, environment["backend"], study.data.sha256
        )
        self.environment: Environment = {**environment, "command": command}
        self.tasks = study.tasks()
        self.results: dict[TaskKey, Fit | Failure] = {}
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
        wanted = {task.key for task in self.tasks}
        for fit in self.journal.resume(self.study.arms):
            if (fit.arm, fit.split, fit.seed) in wanted:
                self.results[fit.arm, fit.split, fit.seed] = fit
        return len(self.results)

    def _versions(self) -> dict[str, str]:
        backend = self.environment["backend"]
        return {name: self.environment["versions"][name] for name in ("keras", backend)}

    def record(self) -> Record:
        """Return what is known so far, in the order in which one process would have got it."""
        fits: list[Fit] = []
        failures: dict[str, Failure] = {}
        for task in self.tasks:
            result = self.results.get(task.key)
            if task.arm in failures or result is None:
                continue
            if isinstance(result, Failure):
                failures[task.arm] = result
                if task.arm == BASELINE:
                    self.stopped = f"the baseline failed: {result.reason}"
                    break
            else:
                fits.append(result)
        seconds = round(time.perf_counter() - self.start, 1)
        return Record(
            arms=self.study.arms,
            fits=tuple(fits),
            failures={arm: failure.reason for arm, failure in failures.items()},
            diverged=tuple(arm for arm, failure in failures.items() if failure.diverged),
            settings={"model": self.study.model, **self.study.settings},
            data=self.data_facts,
            environment={**self.environment, "seconds": seconds},
            stopped=self.stopped,
        )

    def go(self, done: int, show_progress: bool) -> None:
        """Do the tasks that are not done; keep each fit as soon as it is there.

        Args:
            done: How many were done before.
            show_progress: Whether to show a bar.

        Raises:
            RegkitError: where the baseline gives no result.
        """
        left = [task for task in self.tasks if task.key not in self.results]
        with FitProgress(len(self.tasks), show_progress, done) as progress, self._interruptible():
            if self.request.jobs > 1:
                stream = in_processes(self.study, left, self.request.jobs)
            else:
                stream = one_by_one(self.worker, left, self._beginning(progress))
            for task, result in stream:
                self.results[task.key] = result
                if isinstance(result, Failure):
                    progress.note(f"{self._label(task)} failed and is taken out: {result.reason}")
                    if task.arm == BASELINE:
                        break
                elif self.journal is not None and not self._written(self.journal, result):
                    break
                progress.advance()
        record = self.record()
        if not record.of(BASELINE):
            reason = record.failures.get(BASELINE, self.stopped)
            raise RegkitError(f"the baseline gave no result, so nothing can be compared: {reason}")

    def _label(self, task: Task) -> str:
        return label(task.arm, self.study.arms[task.arm])

    def _written(self, journal: Journal, fit: Fit) -> bool:
        try:
            journal.add(fit, self.study.arms[fit.arm])
        except OSError as error:
            self.stopped = f"{journal.path} cannot be written ({error.strerror})"
            return False
        return True

    def _beginning(self, progress: FitProgress) -> Callable[[Task], bool]:
        """Return a function that says whether a task is to be done, and shows that it begins."""

        def begin(task: Task) -> bool:
            of_arm = (other for other in self.tasks if other.arm == task.arm)
            if any(isinstance(self.results.get(other.key), Failure) for other in of_arm):
                progress.advance()
                return False
            progress.begin(self._label(task))
            return True

        return begin

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            if not self.results:
                raise
            self.stopped = "interrupted"
