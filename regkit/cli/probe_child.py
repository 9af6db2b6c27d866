"""The process in which `regkit plugins doctor` imports plugins; it may hang, print or be ended.

Reads its job from standard input and writes a line of JSON before and after each entry. What the
plugins print goes elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import IO, Any

__all__ = ["main"]


def main() -> None:
    """Import the entries of the job, one after another."""
    job = json.load(sys.stdin)
    sys.path[:] = job["path"]
    answers, printed = _outputs()

    def say(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    # Keras is not the plugins' time.
    import regkit.core.technique  # noqa: F401
    from regkit.core import registry
    from regkit.core.errors import RegistryError
    from regkit.core.registry.loading import place

    say(ready=True)
    for number, (identifier, kind) in enumerate(job["entries"]):
        say(start=number)
        error, where, before, started = "", "", _size(printed), time.perf_counter()
        try:
            registry.load(identifier, kind)
        except RegistryError as failed:
            error = str(failed)
            where = place(failed.__cause__) if failed.__cause__ else ""
        seconds = time.perf_counter() - started
        noise = _size(printed) - before
        say(end=number, seconds=seconds, error=error, place=where, printed=noise)
    os._exit(0)  # whatever a plugin left behind, threads or functions for the end


def _outputs() -> tuple[IO[str], int]:
    """Return a file for the answers, and the descriptor of a file that gets what is printed."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    aside, log = tempfile.mkstemp()
    os.dup2(aside, 1)
    os.close(aside)
    if os.name == "posix":
        os.unlink(log)
    return answers, 1


def _size(descriptor: int) -> int:
    try:
        sys.stdout.flush()
        return os.fstat(descriptor).st_size
    except Exception:  # a plugin closed or replaced it
        return 0


if __name__ == "__main__":
    main()
