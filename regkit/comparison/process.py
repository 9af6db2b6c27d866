"""What a process beside the main one runs; heavy things are imported when it is called."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import Any

from regkit.core.terminal import notes_put_aside

__all__ = ["fit"]


def fit(path: str, key: tuple[str, int, int]) -> Any:
    """Return a task's key and its fit or failure, for the study that is pickled in a file."""
    worker, tasks = _worker(path)
    return key, worker.fit(tasks[key])


@functools.lru_cache(maxsize=1)  # compiled models are kept from task to task
def _worker(path: str) -> tuple[Any, dict[tuple[str, int, int], Any]]:
    with notes_put_aside():
        import keras

        keras.ops.zeros(1)
    from regkit.comparison.study import Worker

    study = pickle.loads(Path(path).read_bytes())  # our own file, of a moment ago
    return Worker(study), {task.key: task for task in study.tasks()}
