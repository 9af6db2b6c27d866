"""Processes beside this one, here or on other machines: what they are given, how they begin."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from regkit.core.errors import RegkitError

__all__ = ["Known", "begin", "handed_down", "one_at_a_time"]

_TASK = threading.Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold a task of this process until others are done.

    A worker may run tasks in threads, which share Keras' generators of random numbers. What a task
    gives to joblib itself, as scikit-learn does, runs within it: Dask would give its thread to
    another task in the meantime, which would wait for this one for ever.
    """
    import joblib

    with _TASK, joblib.parallel_config("sequential"):
        yield


class Known:
    """A value that is known by a name: what is made from it is kept from task to task.

    Args:
        name: Of this value only.
        value: The value.

    Example:
        >>> Known("a", [1]) == Known("a", [2]), Known("a", [1]) == Known("b", [1])
        (True, False)
    """

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def begin(backend: str) -> None:
    """Import Keras in a process that is to work for another one.

    Args:
        backend: Of the other one.

    Raises:
        RegkitError: where this process has begun with another backend.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    import keras

    if keras.backend.backend() != backend:
        raise RegkitError(
            f"a worker's process runs Keras on {keras.backend.backend()}, and the process that "
            f"asks it on {backend}; start workers with KERAS_BACKEND={backend} in their environment"
        )
    keras.ops.zeros(1)


@contextmanager
def handed_down(jobs: int, backend: str) -> Iterator[None]:
    """Hand the backend and a share of the cores to the processes that start within the block.

    Args:
        jobs: The number of processes that share the cores.
        backend: Keras' backend.

    Example:
        >>> with handed_down(2, "jax"):
        ...     os.environ["KERAS_BACKEND"]
        'jax'
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    values = {name: os.environ.get(name, str(threads)) for name in names}
    values |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
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
