"""The peak memory of a block of work."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import keras

__all__ = ["peak_memory"]

MEGABYTE = 1e6
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_memory() -> Callable[[], float | None]:
    """Start to watch; return a function that gives the peak since then, in megabytes.

    On a GPU its allocator's peak; else, on Linux, the peak of the process' resident memory, which
    holds the interpreter and the data too. Elsewhere None: nothing is guessed.

    Example:
        >>> peak = peak_memory()
        >>> peak() is None or peak() > 1
        True
    """
    backend = importlib.import_module(f"regkit.ops.backends.{keras.backend.backend()}")
    of_device = backend.device_peak()
    return _of_process() if of_device is None else lambda: float(of_device()) / MEGABYTE


def _of_process() -> Callable[[], float | None]:
    try:
        _RESET.write_text("5")  # sets the peak to what is resident now
    except OSError:
        return lambda: None

    def peak() -> float | None:
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024 / MEGABYTE

    return peak
