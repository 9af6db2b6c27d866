"""The process in which `plugins doctor` and `show` import plugins, and say how each import goes."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import Any

from regkit.core.host.apart import serve

__all__ = ["main"]


def main() -> None:
    """Import the entries of the job, one after another."""
    job, say, printed = serve()
    # Keras is not the plugins' time.
    import regkit.core.technique  # noqa: F401

    say(ready=True)
    for number, (identifier, kind) in enumerate(job["entries"]):
        say(start=number)
        before, started = printed(), time.perf_counter()
        outcome = _imported(identifier, kind, job["describe"])
        seconds = time.perf_counter() - started
        say(end=number, seconds=seconds, printed=printed() - before, **outcome)
    os._exit(0)  # whatever a plugin left behind, threads or functions for the end


def _imported(identifier: str, kind: str, describe: bool) -> dict[str, Any]:
    """Import an entry; return what went wrong and where, or what its class says of itself."""
    from regkit.core import registry
    from regkit.core.errors import RegistryError
    from regkit.core.registry import describing, loading

    try:
        cls = registry.load(identifier, kind)
    except RegistryError as error:
        where = loading.place(error.__cause__) if error.__cause__ else ""
        return {"error": str(error), "place": where}
    if not describe:
        return {}
    try:
        return {"description": asdict(describing.describe(cls, kind))}
    except BaseException as error:  # the texts of defaults and bounds are a plugin's own code
        return {"error": f"describing it {loading.failure(error)}", "place": loading.place(error)}


if __name__ == "__main__":
    main()
