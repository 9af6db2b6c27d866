"""Running the units of a study on a Dask cluster."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cloudpickle
import joblib

from regkit.comparison.design.study import Study
from regkit.comparison.fits.execution import Beside
from regkit.core.errors import RegkitError
from regkit.core.host.extras import pip_line

__all__ = ["Cluster", "workers_of"]

_PATIENCE = 10  # seconds until a scheduler has answered


class Cluster(Beside):
    """Runs the units on the workers of a scheduler; the study goes to each of them once.

    Args:
        study: The study.
        address: The scheduler's, such as "tcp://10.0.0.1:8786".
    """

    def __init__(self, study: Study, address: str) -> None:
        super().__init__(study)
        self._address = address

    def _begin(self) -> None:
        self._stack.enter_context(_client(self._address))
        self._packed = cloudpickle.dumps(self._study)
        self._stack.enter_context(joblib.parallel_config("dask", scatter=[self._packed]))

    def _run(self, call: Callable[..., Any], items: Iterable[object]) -> Iterator[Any]:
        run = joblib.Parallel(-1, return_as="generator_unordered", batch_size=1)
        try:
            yield from run(self._calls(call, items))
        except _gone() as error:
            said = (str(error).splitlines() or [""])[0]
            raise RegkitError(
                f"the scheduler {self._address} or its workers have gone "
                f"({type(error).__name__}: {said}); what is done is kept: start it again, and "
                "resume (--resume)"
            ) from error


def workers_of(address: str) -> int:
    """Return the number of workers that a scheduler has.

    Raises:
        RegkitError: where there is no scheduler, or it has no worker.
    """
    with _client(address) as client:
        count = len(client.scheduler_info(n_workers=-1)["workers"])
    if not count:
        raise RegkitError(
            f"the scheduler {address} has no workers; start some with: dask worker {address}"
        )
    return count


def _client(address: str) -> Any:
    """Return a connection to a scheduler.

    Raises:
        RegkitError: where distributed is not installed, or no scheduler answers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise RegkitError(f"a cluster needs Dask: {pip_line('dask')}") from None
    try:
        return distributed.Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise RegkitError(
            f"no scheduler answers at {address!r} ({type(error).__name__}: {error}); give the "
            "address that `dask scheduler` prints, such as tcp://10.0.0.1:8786"
        ) from error


def _gone() -> tuple[type[BaseException], ...]:
    """Return what a client raises that has lost its scheduler or its workers."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    return CancelledError, FutureCancelledError, KilledWorker, OSError
