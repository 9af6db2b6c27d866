"""Work in a process of its own, which may hang, print or be ended: for what runs others' code.

The parent sends a job, as a line of JSON, and gets lines of JSON back. What the code prints goes
elsewhere. The process ends with its parent, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

__all__ = ["Apart", "serve"]

_LAST_LINES = 4  # of what it wrote to standard error, for the message


class Apart:
    """A process that runs a module, seen from its parent; a context manager.

    Args:
        module: The module, which calls `serve` first.
        job: What it is to do; plain values.
        **environment: Variables of its environment, beside this process'.

    Attributes:
        late: Whether an answer did not come in time.
    """

    def __init__(self, module: str, job: Mapping[str, object], **environment: str) -> None:
        self.late = False
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed in __exit__
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            env={**os.environ, **environment, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            errors="replace",
            start_new_session=os.name == "posix",
        )
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already
            self._process.stdin.write(json.dumps({**job, "path": sys.path}) + "\n")
            self._process.stdin.flush()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):  # it has ended already
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):
                file.close()  # type: ignore[union-attr]  # they are pipes

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._answers.put(line)
        self._answers.put(None)

    def answer(self, limit: float) -> dict[str, Any] | None:
        """Return its next answer; None where it has ended, or none came within `limit` seconds."""
        try:
            line = self._answers.get(timeout=limit)
        except queue.Empty:
            self.late = True
            return None
        if line is None:
            return None
        try:
            answer = json.loads(line)
        except ValueError:  # the code found the way to our answers
            answer = {}
        return answer if isinstance(answer, dict) else {}

    def ended(self) -> str:
        """Return how it ended, in words, with the last lines of its standard error."""
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return "closed its standard output"
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        last = " ".join(" ".join(lines[-_LAST_LINES:]).split())[-300:]
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        return f"ended the process ({how}){f': {last}' if last else ''}"


def serve() -> tuple[dict[str, Any], Callable[..., None], Callable[[], int]]:
    """Return, in the process, its job, a function that answers, and one that says what was printed.

    The answer is what is given by keyword; what was printed is a number of bytes.
    """
    job = json.loads(sys.stdin.readline())
    sys.path[:] = job["path"]
    threading.Thread(target=_end_with_parent, args=(os.dup(0),), daemon=True).start()
    _turned(0, os.open(os.devnull, os.O_RDONLY))  # what the code reads ends at once
    answers = _answers()

    def say(**answer: object) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    return job, say, _printed


def _end_with_parent(standard_input: int) -> None:
    """End the process when its standard input ends, which the parent holds open while it lives."""
    while os.read(standard_input, 1):
        pass
    os._exit(1)


def _answers() -> IO[str]:
    """Return a file for the answers; what is printed goes to a file aside from now on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    aside, log = tempfile.mkstemp()
    _turned(1, aside)
    if os.name == "posix":
        os.unlink(log)
    return answers


def _turned(descriptor: int, elsewhere: int) -> None:
    os.dup2(elsewhere, descriptor)
    os.close(elsewhere)


def _printed() -> int:
    # What stands there may be the code's own, and raise anything; the file below still counts.
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    try:
        return os.fstat(1).st_size
    except OSError:  # the code closed the file, and with it what it had printed
        return 0
