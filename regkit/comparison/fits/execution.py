"""Running the units of a study: one after another here, or in processes beside each other."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import cloudpickle
import joblib
import keras

from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits import process
from regkit.comparison.fits.alone import Alone
from regkit.comparison.fits.units import Unit
from regkit.comparison.fits.worker import Done, Worker
from regkit.core.errors import RegkitError
from regkit.core.host.beside import handed_down

__all__ = ["Beside", "Execution", "Here", "Processes"]


class Execution(AbstractContextManager["Execution"], Protocol):
    """What runs the units of a study, within its block."""

    def alone(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Alone | None]]:
        """Yield what a fit of each task's arm costs by itself."""

    def units(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Done]]:
        """Yield what comes of each unit; a unit is taken when it begins."""


class Here:
    """Runs the units in this process, in their order.

    Args:
        worker: The study's.
        begin: Called before a fit or a group, with its first task and the number of its fits.
    """

    def __init__(self, worker: Worker, begin: Callable[[Task, int], None]) -> None:
        self._worker, self._begin = worker, begin

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave nothing behind."""

    def alone(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Alone | None]]:
        """Yield what a fit of each task's arm costs by itself."""
        for task in tasks:
            self._begin(task, 1)
            yield task, self._worker.alone(task)

    def units(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Done]]:
        """Yield what comes of each unit."""
        for unit in units:
            self._begin(unit.tasks[0], len(unit.tasks))
            yield unit, self._worker.unit(unit)


class Beside(ABC):
    """Runs the units in other processes, and hands out what comes of them in any order.

    A fit depends on nothing but its own seeds, so that the order does not matter. Each process
    imports the backend once and keeps its compiled models.

    Args:
        study: The study.
    """

    def __init__(self, study: Study) -> None:
        self._study, self._name = study, uuid.uuid4().hex
        self._stack = ExitStack()
        self._packed: Path | bytes = b""

    def __enter__(self) -> Beside:
        try:
            self._begin()
        except BaseException:
            self._stack.close()
            raise
        # Where the caller has seen enough, as on a full disk, the rest is dropped.
        self._stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", ".*tasks which were still being processed")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, at)

    def alone(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Alone | None]]:
        """Yield what a fit of each task's arm costs by itself, beside those of other arms."""
        return self._run(process.alone, tasks)

    def units(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Done]]:
        """Yield what comes of each unit.

        Raises:
            RegkitError: where a process died, as of too little memory, or the cluster has gone.
        """
        return self._run(process.unit, units)

    @abstractmethod
    def _begin(self) -> None:
        """Make ready what runs the calls, and the study as they find it."""

    @abstractmethod
    def _run(self, call: Callable[..., Any], items: Iterable[object]) -> Iterator[Any]:
        """Yield what comes of the calls, in any order."""

    def _calls(self, call: Callable[..., Any], items: Iterable[object]) -> Iterator[Any]:
        backend = keras.backend.backend()
        given = backend, self._name, self._packed
        return (joblib.delayed(call)(*given, cloudpickle.dumps(item)) for item in items)


class Processes(Beside):
    """Runs the units in processes of this machine, each with its share of the cores.

    Args:
        study: The study.
        jobs: The number of processes.
    """

    def __init__(self, study: Study, jobs: int) -> None:
        super().__init__(study)
        self._jobs = jobs

    def _begin(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._stack.enter_context(handed_down(self._jobs, keras.backend.backend()))
        self._packed = folder / "study"
        self._packed.write_bytes(cloudpickle.dumps(self._study))

    def _run(self, call: Callable[..., Any], items: Iterable[object]) -> Iterator[Any]:
        how = {"return_as": "generator_unordered", "batch_size": 1, "pre_dispatch": "n_jobs"}
        run = joblib.Parallel(self._jobs, "loky", **how)
        try:
            yield from run(self._calls(call, items))
        except BrokenProcessPool as error:
            raise RegkitError(
                "a process of the comparison was killed, most often for lack of memory; run again "
                "with fewer jobs (--jobs) or smaller groups (--group-size), and resume (--resume) "
                "to keep what is done"
            ) from error
