"""The checks by their names, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterable

from regkit.core.errors import RegkitError, suggest
from regkit.testing.checking import CHECKS, Check
from regkit.testing.checks import ORDER  # importing a file registers what is in it

__all__ = ["chosen"]


def chosen(names: Iterable[str] | None = None) -> list[Check]:
    """Return the checks of these names, by default all, in the order in which they run.

    Raises:
        RegkitError: for a name that no check has, with the nearest.
    """
    for name in names or ():
        if name not in CHECKS:
            raise RegkitError(
                f"no check is called {name!r}{suggest(name, CHECKS)} "
                f"Known: {', '.join(sorted(CHECKS))}"
            )
    files = [module.__name__ for module in ORDER]
    checks = [check for check in CHECKS.values() if names is None or check.name in names]
    return sorted(checks, key=lambda check: files.index(check.function.__module__))
