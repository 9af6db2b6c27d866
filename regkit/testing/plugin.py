"""Checking a distribution on every backend that is installed, each in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from regkit.core.errors import RegkitError, suggest
from regkit.testing.finding import entries_of
from regkit.testing.report import Report, Result

__all__ = ["BACKENDS", "LIMIT", "check_plugin", "installed"]

BACKENDS = ("tensorflow", "jax", "torch")
LIMIT = 300.0  # seconds; the first answer waits for Keras and its backend on a slow disk


def check_plugin(
    distribution: str,
    *,
    backends: Iterable[str] | None = None,
    checks: Iterable[str] | None = None,
    limit: float = LIMIT,
) -> Report:
    """Run the conformance checks over everything that a distribution registers.

    Each backend runs in a process of its own. A check that ends its process, or takes longer than
    `limit`, is an error of that check alone: another process goes on with the next.

    Args:
        distribution: The name by which it is installed, as in `pip show`.
        backends: "tensorflow", "jax", "torch"; by default those that are installed.
        checks: Names of checks; by default all (`python -m regkit.testing --list`).
        limit: Seconds for one check.

    Returns:
        A sequence of results that prints as a table; `.ok`, and `.failed`, each with what was
        expected, what was found and how to mend it.

    Raises:
        RegkitError: for a distribution that registers nothing, an unknown backend or check.

    Example:
        >>> report = check_plugin("keras-regkit", backends=[], checks=["docstring"])
        >>> len(report), report.ok
        (0, False)
    """
    entries_of(distribution)
    names = None if checks is None else list(checks)
    asked = installed() if backends is None else list(backends)
    for name in asked:
        if name not in BACKENDS:
            raise RegkitError(
                f"no backend is called {name!r}{suggest(name, BACKENDS)}; "
                f"known: {', '.join(BACKENDS)}"
            )
    return Report(
        one for name in asked for one in _on_backend(distribution, name, names, float(limit))
    )


def installed() -> list[str]:
    """Return the backends that are installed; none is imported."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def _on_backend(
    distribution: str, backend: str, checks: Sequence[str] | None, limit: float
) -> Iterator[Result]:
    """Yield the results on one backend; each process goes on where the one before it ended."""
    done: list[tuple[str, str]] = []
    job: dict[str, Any] = {"distribution": distribution, "checks": checks, "path": sys.path}
    while True:
        with _Child(backend, {**job, "done": done}) as child:
            for result in child.results(limit):
                done.append((result.check, result.subject))
                yield result
            if child.came_to_its_end:
                return
            if child.running is None:
                why = child.why(limit)
                yield Result("registration", distribution, backend, "error", why)
                return
            done.append(child.running)
            yield Result(*child.running, backend, "error", child.why(limit), limit)


class _Child:
    """A process that runs checks and says before and after each what it does.

    Attributes:
        running: The check and the subject at which it is.
        came_to_its_end: Whether all is done.
    """

    def __init__(self, backend: str, job: dict[str, Any]) -> None:
        self.backend, self.job = backend, job
        self.running: tuple[str, str] | None = None
        self.came_to_its_end = self._late = False
        self._answers: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> _Child:
        self._errors = tempfile.TemporaryFile()  # closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "regkit.testing.child"],
            env=os.environ
            | {
                "KERAS_BACKEND": self.backend,
                "PYTHONPATH": os.pathsep.join(one or os.getcwd() for one in sys.path),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            errors="replace",
            start_new_session=os.name == "posix",
        )
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(self.job))
            self._process.stdin.close()
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._kill()
        self._process.wait()
        self._errors.close()

    def _kill(self) -> None:
        with contextlib.suppress(OSError):  # it has ended already
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._answers.put(line)
        self._answers.put(None)

    def results(self, limit: float) -> Iterator[Result]:
        """Yield results until the process ends, or a check takes longer than `limit` seconds."""
        while True:
            try:
                line = self._answers.get(timeout=limit if self.running else max(limit, LIMIT))
            except queue.Empty:
                self._late = True
                return
            if line is None:
                return
            answer = json.loads(line)
            if "refused" in answer:
                raise RegkitError(answer["refused"])
            if "start" in answer:
                self.running = tuple(answer["start"])
            if "end" in answer:
                self.running = None
                yield Result(**answer["end"])
            if "all" in answer:
                self.came_to_its_end = True
                return

    def why(self, limit: float) -> str:
        """Return why the process did not come to its end."""
        if self._late:
            return f"it takes longer than {limit:g} s"
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return "it closed its standard output"
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        last = " ".join(" ".join(lines[-4:]).split())[-300:]
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        return f"it ended the process ({how}){f': {last}' if last else ''}"
