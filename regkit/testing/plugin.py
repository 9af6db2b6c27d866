"""Checking a distribution on every backend that is installed, each in a process of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence

from regkit.core.errors import RegkitError, suggest
from regkit.core.host.apart import Apart
from regkit.core.host.extras import pip_line
from regkit.testing.check_report import Report, Result
from regkit.testing.registered import entries_of

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
        limit: Seconds for one check, and for the imports before the first.

    Returns:
        A sequence of results that prints as a table; `.ok`, and `.failed`, each with what was
        expected, what was found and how to fix it.

    Raises:
        RegkitError: for a distribution that registers nothing, an unknown backend or check.

    Example:
        >>> report = check_plugin("keras-regkit", backends=[], checks=["docstring"])
        >>> len(report), report.ok
        (0, False)
    """
    if not isinstance(distribution, str):
        raise RegkitError(
            f"check_plugin takes the name of an installed distribution; received {distribution!r}. "
            "Classes and instances are checked by regkit.testing.parametrize_with_checks"
        )
    entries_of(distribution)
    names = None if checks is None else list(checks)
    asked = installed() if backends is None else list(backends)
    for name in asked:
        if name not in BACKENDS:
            raise RegkitError(
                f"no backend is called {name!r}{suggest(name, BACKENDS)}; "
                f"known: {', '.join(BACKENDS)}"
            )
        if name not in installed():
            raise RegkitError(f"the backend {name!r} is not installed: {pip_line(name)}")
    return Report(
        result for name in asked for result in _on_backend(distribution, name, names, float(limit))
    )


def installed() -> list[str]:
    """Return the backends that are installed; none is imported."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def _on_backend(
    distribution: str, backend: str, checks: Sequence[str] | None, limit: float
) -> Iterator[Result]:
    """Yield the results on one backend; each process goes on where the one before it ended."""
    done: list[tuple[str, str]] = []
    job = {"distribution": distribution, "checks": checks}
    while True:
        with Apart("regkit.testing.child", {**job, "done": done}, KERAS_BACKEND=backend) as child:
            running: tuple[str, str] | None = None
            ready = False
            while (answer := child.answer(limit if ready else max(limit, LIMIT))) is not None:
                ready = True
                if "refused" in answer:
                    raise RegkitError(answer["refused"])
                if "start" in answer:
                    check, subject = answer["start"]
                    running = check, subject
                if "end" in answer and running:
                    done.append(running)
                    running = None
                    yield Result(**answer["end"])
                if "all" in answer:
                    return
            why = f"takes longer than {limit:g} s" if child.late else child.ended()
            why = f"it {why}" if running else f"importing what it registers {why}"
            if running is None:
                yield Result("registration", distribution, backend, "error", why)
                return
            done.append(running)
            yield Result(*running, backend, "error", why, limit)
