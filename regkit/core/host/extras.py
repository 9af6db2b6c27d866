"""What regkit's optional parts need, as its own metadata have it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable

from regkit.core.errors import RegkitError
from regkit.core.registry.entry import BUILTIN

__all__ = ["pip_line", "require"]

_NEED = re.compile(r"""(?P<need>[^;\s]+)\s*;\s*extra\s*==\s*["'](?P<extra>[\w-]+)["']""")


def require(packages: Iterable[str], extra: str) -> None:
    """Refuse to go on where packages are missing that an extra installs.

    Raises:
        RegkitError: naming them, and the pip line.

    Example:
        >>> require(["json"], "compare")
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise RegkitError(f"{', '.join(missing)} not installed, needed here: {pip_line(extra)}")


def pip_line(extra: str) -> str:
    """Return the command that installs what an extra of regkit needs.

    It names the packages, not `keras-regkit[extra]`: so it is right in a clone and beside a wheel,
    whether or not an index has regkit.

    Example:
        >>> pip_line("dask")
        'pip install "distributed>=2024.12"'
    """
    lines = importlib.metadata.requires(BUILTIN) or []
    needs = [match for match in map(_NEED.fullmatch, lines) if match and match["extra"] == extra]
    return " ".join(["pip install", *(f'"{match["need"]}"' for match in needs)])
