"""What a process beside the main one runs; Keras is imported when it is called, not before."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from regkit.core.host.terminal import notes_put_aside

if TYPE_CHECKING:
    from regkit.comparison.design.study import Task
    from regkit.comparison.fits.alone import Alone
    from regkit.comparison.fits.units import Unit
    from regkit.comparison.fits.worker import Done, Worker

__all__ = ["alone", "unit"]


def unit(path: str, given: Unit) -> tuple[Unit, Done]:
    """Return a unit and what comes of it, for the study that is pickled in a file."""
    return given, _worker(path).unit(given)


def alone(path: str, task: Task) -> tuple[Task, Alone | None]:
    """Return a task and what a fit of its arm costs by itself."""
    return task, _worker(path).alone(task)


@functools.lru_cache(maxsize=1)  # compiled models are kept from task to task
def _worker(path: str) -> Worker:
    with notes_put_aside():
        import keras

        keras.ops.zeros(1)
    from regkit.comparison.fits.worker import Worker

    return Worker(pickle.loads(Path(path).read_bytes()))  # our own file, of a moment ago
