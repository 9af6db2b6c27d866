"""What a process beside the main one runs; Keras is imported when it is called, not before."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from regkit.core.host.beside import Known, begin, one_at_a_time
from regkit.core.host.terminal import notes_put_aside

if TYPE_CHECKING:
    from regkit.comparison.design.study import Task
    from regkit.comparison.fits.alone import Alone
    from regkit.comparison.fits.units import Unit
    from regkit.comparison.fits.worker import Done, Worker

__all__ = ["alone", "unit"]


def unit(backend: str, name: str, study: Path | bytes, given: bytes) -> tuple[Unit, Done]:
    """Return a unit and what comes of it.

    Study and unit come pickled: to read them loads Keras, for which the backend must be set first.

    Args:
        backend: Keras' backend in the main process.
        name: Tells the study from others.
        study: The study, pickled; or the file that holds it.
        given: The unit, pickled.
    """
    with one_at_a_time():
        worker = _worker(backend, Known(name, study))
        own: Unit = pickle.loads(given)
        return own, worker.unit(own)


def alone(backend: str, name: str, study: Path | bytes, given: bytes) -> tuple[Task, Alone | None]:
    """Return a task and what a fit of its arm costs by itself; as `unit`."""
    with one_at_a_time():
        worker = _worker(backend, Known(name, study))
        task: Task = pickle.loads(given)
        return task, worker.alone(task)


@functools.lru_cache(maxsize=1)  # compiled models are kept from task to task
def _worker(backend: str, study: Known) -> Worker:
    with notes_put_aside():
        begin(backend)
    from regkit.comparison.fits.worker import Worker

    given = study.value
    pickled = given.read_bytes() if isinstance(given, Path) else given
    return Worker(pickle.loads(pickled))  # our own, of a moment ago
