"""Importing plugins in a process of their own, with a time limit: what they do there is noted."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regkit.core.errors import RegkitError
from regkit.core.registry import Entry
from regkit.core.registry.entry import printable

__all__ = ["START_LIMIT", "Outcome", "probe"]

START_LIMIT = 300.0  # seconds for Keras and its backend, on a slow disk


@dataclass(frozen=True)
class Outcome:
    """How the import of an entry went.

    Attributes:
        seconds: How long it took, beside Keras; None where it did not end.
        error: What went wrong, or an empty string.
        place: `file:line` of the error, where it is known.
        printed: How many bytes it wrote to standard output.
    """

    seconds: float | None = None
    error: str = ""
    place: str = ""
    printed: int = 0


def probe(entries: Sequence[Entry], limit: float) -> list[Outcome]:
    """Return how the import of each entry goes, in their order.

    One process imports them all; where one ends it or takes longer than `limit` seconds, another
    process goes on with the next.

    Raises:
        RegkitError: where Keras itself cannot be imported.
    """
    found: list[Outcome] = []
    while len(found) < len(entries):
        with _child(entries[len(found) :]) as child:
            found += _outcomes(child, len(entries) - len(found), limit)
    return found


@contextlib.contextmanager
def _child(entries: Sequence[Entry]) -> Iterator[subprocess.Popen[str]]:
    job = {"path": sys.path, "entries": [(one.id, one.kind) for one in entries]}
    child = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("probe_child.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        start_new_session=os.name == "posix",
    )
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.write(json.dumps(job))
        child.stdin.close()
    try:
        yield child
    finally:
        with contextlib.suppress(OSError):  # it has ended already
            os.killpg(child.pid, signal.SIGKILL) if os.name == "posix" else child.kill()
        child.wait()


def _outcomes(child: subprocess.Popen[str], count: int, limit: float) -> list[Outcome]:
    """Return the outcomes up to the first that ended the process, or of all."""
    answers: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, answers), daemon=True).start()
    found: list[Outcome] = []
    ready = False
    while len(found) < count:
        try:
            line = answers.get(timeout=limit if ready else START_LIMIT)
        except queue.Empty:
            line = None
            error = f"importing it takes longer than {limit:g} s"
        else:
            error = "" if line else f"importing it ended the process{_exit(child)}"
        if line is None and not ready:
            raise RegkitError(
                "Keras cannot be imported in a process of its own, so no plugin can: "
                'python -c "import keras" says why'
            )
        if line is None:
            return [*found, Outcome(error=error)]
        answer = _parsed(line)
        ready = ready or answer.get("ready") is True
        if answer.get("end") == len(found):
            found.append(_outcome(answer))
    return found


def _read(child: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    with contextlib.suppress(OSError, ValueError):
        for line in child.stdout:
            answers.put(line)
    answers.put(None)


def _parsed(line: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:  # a plugin found the way to our answers
        return {}
    return answer if isinstance(answer, dict) else {}


def _outcome(answer: dict[str, Any]) -> Outcome:
    return Outcome(
        float(answer.get("seconds", 0.0)),
        printable(str(answer.get("error", "")), most=1000),
        printable(str(answer.get("place", ""))),
        int(answer.get("printed", 0)),
    )


def _exit(child: subprocess.Popen[str]) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = child.wait(timeout=5)
        return f" (exit code {code})" if code >= 0 else f" (signal {-code})"
    return ""
