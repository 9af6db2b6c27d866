"""Several accelerators of one machine, one for each process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["claimed", "visible"]


def visible(count: int) -> tuple[str, ...]:
    """Return the names of so many accelerators, as CUDA_VISIBLE_DEVICES has them.

    Example:
        >>> visible(0)
        ()
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = named.split(",") if named else [str(number) for number in range(count)]
    return tuple(names[:count])


def claimed(names: Sequence[str], folder: Path) -> str:
    """Return an accelerator that no other living process has taken; if none is left, any.

    Args:
        names: The accelerators.
        folder: Where each process notes its own, by a file that holds its number.
    """
    for name in names:
        note = folder / f"gpu-{name}"
        if note.exists() and not _lives(note):
            note.unlink(missing_ok=True)
        try:
            with note.open("x") as file:  # made by one process only
                file.write(str(os.getpid()))
            return name
        except FileExistsError:
            continue
    return names[os.getpid() % len(names)]


def _lives(note: Path) -> bool:
    """Return whether the process that a note names is alive; one that is being written counts."""
    try:
        number = int(note.read_text() or 0)
    except (OSError, ValueError):
        return True
    if number == 0:
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user, or a system without such signals
        return True
    return True
