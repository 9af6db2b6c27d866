"""Running the tasks of a study: one after another here, or in processes beside each other."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cloudpickle
import joblib
import keras

from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits import process
from regkit.comparison.fits.worker import Failure, Worker
from regkit.comparison.record.results import Fit
from regkit.core.errors import RegkitError

__all__ = ["Done", "in_processes", "one_by_one"]

Done = Iterator[tuple[Task, Fit | Failure]]


def one_by_one(worker: Worker, tasks: Sequence[Task], begin: Callable[[Task], bool]) -> Done:
    """Fit the tasks here, in their order.

    Args:
        worker: The study's.
        tasks: What is to be fitted.
        begin: Called before a task; the task is left out where it returns False.
    """
    for task in tasks:
        if begin(task):
            yield task, worker.fit(task)


def in_processes(study: Study, tasks: Sequence[Task], jobs: int) -> Done:
    """Fit the tasks in `jobs` processes, and hand them out as they are done, in any order.

    A fit depends on nothing but its own seeds, so that the order does not matter. Each process
    takes its share of the cores, imports the backend once and keeps its compiled models.

    Raises:
        RegkitError: where a process died, as of too little memory.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(_environment(max(1, (os.cpu_count() or 1) // jobs)))
        (folder / "study").write_bytes(cloudpickle.dumps(study))
        run = joblib.Parallel(
            jobs, "loky", return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs"
        )
        # Where the caller has seen enough, as after a baseline that failed, the rest is dropped.
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", ".*tasks which were still being processed")
        call, by_key = joblib.delayed(process.fit), {task.key: task for task in tasks}
        try:
            for key, result in run(call(str(folder / "study"), key) for key in by_key):
                yield by_key[key], result
        except BrokenProcessPool as error:
            raise RegkitError(
                "a process of the comparison was killed, most often for lack of memory; run again "
                "with fewer jobs (--jobs), and resume (--resume) to keep what is done"
            ) from error


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Hand the backend and a number of threads to the processes that start within the block."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    values = {name: os.environ.get(name, str(threads)) for name in names}
    values |= {"KERAS_BACKEND": keras.backend.backend(), "TF_CPP_MIN_LOG_LEVEL": "2"}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
