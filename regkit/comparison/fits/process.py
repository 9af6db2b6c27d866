"""What a process beside the main one runs; Keras is imported when it is called, not before."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from regkit.core.host.terminal import notes_put_aside

if TYPE_CHECKING:
    from regkit.comparison.design.study import Task, TaskKey
    from regkit.comparison.fits.worker import Failure, Worker
    from regkit.comparison.record.results import Fit

__all__ = ["fit"]


def fit(path: str, key: TaskKey) -> tuple[TaskKey, Fit | Failure]:
    """Return a task's key and its fit or failure, for the study that is pickled in a file."""
    worker, tasks = _worker(path)
    return key, worker.fit(tasks[key])


@functools.lru_cache(maxsize=1)  # compiled models are kept from task to task
def _worker(path: str) -> tuple[Worker, dict[TaskKey, Task]]:
    with notes_put_aside():
        import keras

        keras.ops.zeros(1)
    from regkit.comparison.fits.worker import Worker

    study = pickle.loads(Path(path).read_bytes())  # our own file, of a moment ago
    return Worker(study), {task.key: task for task in study.tasks()}
