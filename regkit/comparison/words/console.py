"""The console that a comparison is printed on."""

from __future__ import annotations

import errno
import os
import sys

from rich.console import Console

__all__ = ["Terminal", "standard_output"]

WIDTH = 100  # what is not a terminal has no width; so many columns hold the tables


class Terminal(Console):
    """Rich's console, where a closed pipe is an error that the program handles."""

    def on_broken_pipe(self) -> None:
        """Raise the error; Rich would end the process with exit code 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def standard_output() -> Console:
    """Return a console on standard output, as wide as the terminal."""
    return Terminal(width=None if sys.stdout.isatty() else WIDTH)
