"""How a check says that a promise is not kept, or that there is nothing to look at."""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterator

__all__ = ["CheckFailed", "CheckSkipped", "attempted", "said"]


class CheckFailed(AssertionError):
    """A promise is not kept.

    Args:
        expected: What should be.
        found: What is.
        fix: What its author can do.

    Example:
        >>> print(CheckFailed("finite weights", "NaN after 3 steps", "guard the division"))
        expected: finite weights
        found: NaN after 3 steps
        to fix: guard the division
    """

    def __init__(self, expected: str, found: str, fix: str) -> None:
        super().__init__(f"expected: {expected}\nfound: {found}\nto fix: {fix}")


class CheckSkipped(Exception):
    """A check has nothing to look at here; the text says why.

    Args:
        reason: In a line.
        details: What the check that is for it says in full.
    """

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.details = details or reason


@contextlib.contextmanager
def attempted(expected: str, fix: str) -> Iterator[None]:
    """Turn an error in the block into a failed check that names it.

    Raises:
        CheckFailed: where the block raises.
    """
    try:
        yield
    except (CheckFailed, CheckSkipped):
        raise
    except Exception as error:
        raise CheckFailed(expected, said(error), fix) from error


def said(error: BaseException, cls: type | None = None, most: int = 400) -> str:
    """Return an error in a line, with the place where it left the code of a class, if it was there.

    Example:
        >>> said(KeyError("rate"))
        "KeyError: 'rate'"
    """
    message = str(error)
    if message.startswith("in user code:"):  # TensorFlow puts the whole traceback before it
        message = message.strip().splitlines()[-1].partition(": ")[2]
    text = " ".join(f"{type(error).__name__}: {message}".split())
    text = text if len(text) <= most else text[: most - 1] + "…"
    place = "" if cls is None else _place(error, cls)
    return f"{text} ({place})" if place else text


def _place(error: BaseException, cls: type) -> str:
    """Return `file:line` of the innermost line of the package of a class, or an empty string."""
    try:
        own = inspect.getfile(cls)
    except (OSError, TypeError):
        return ""
    top = sys.modules.get(cls.__module__.partition(".")[0])
    folders = [] if cls.__module__.startswith("regkit.") else getattr(top, "__path__", [])
    lines = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    lines += re.findall(r'File "([^"]+)", line (\d+)', str(error))  # TensorFlow's
    inside = [f"{file}:{line}" for file, line in lines if file.startswith((own, *folders))]
    return inside[-1] if inside else ""
