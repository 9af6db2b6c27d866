"""The process in which `regkit plugins doctor` imports plugins, and says how each import goes."""

from __future__ import annotations

import os
import time

from regkit.core.apart import serve

__all__ = ["main"]


def main() -> None:
    """Import the entries of the job, one after another."""
    job, say, printed = serve()
    # Keras is not the plugins' time.
    import regkit.core.technique  # noqa: F401
    from regkit.core import registry
    from regkit.core.errors import RegistryError
    from regkit.core.registry.loading import place

    say(ready=True)
    for number, (identifier, kind) in enumerate(job["entries"]):
        say(start=number)
        error, where, before, started = "", "", printed(), time.perf_counter()
        try:
            registry.load(identifier, kind)
        except RegistryError as failed:
            error = str(failed)
            where = place(failed.__cause__) if failed.__cause__ else ""
        seconds = time.perf_counter() - started
        say(end=number, seconds=seconds, error=error, place=where, printed=printed() - before)
    os._exit(0)  # whatever a plugin left behind, threads or functions for the end


if __name__ == "__main__":
    main()
