"""Processes beside this one: what they are handed down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["handed_down"]


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
