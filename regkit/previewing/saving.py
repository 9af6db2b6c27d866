"""Where a result is saved: the kinds of file that it may be, and a folder that exists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from regkit.core.errors import OptionError

__all__ = ["place_for"]


def place_for(path: str | Path, suffixes: Sequence[str], what: str) -> Path:
    """Return a path whose folder exists.

    Args:
        path: Of the file.
        suffixes: Of the kinds of file that can be written.
        what: What is saved, for the error: "an audit".

    Raises:
        OptionError: for another suffix.
    """
    path = Path(path)
    if path.suffix not in suffixes:
        raise OptionError(f"{what} is saved as {' or '.join(suffixes)}; received {str(path)!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
