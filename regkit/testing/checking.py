"""What a check is: a function of a subject that raises where a promise is not kept."""

from __future__ import annotations

import contextlib
import inspect
import random
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from regkit.core.errors import RegkitError, suggest
from regkit.testing.workbench import seed_everything

if TYPE_CHECKING:
    from regkit.testing.subject import Subject

__all__ = ["Check", "CheckFailed", "CheckSkipped", "attempted", "check", "chosen", "said"]


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


@dataclass(frozen=True)
class Check:
    """A check by its name; called with a subject it passes, or raises.

    Attributes:
        name: The name in results and in `expected_failures`.
        kinds: The kinds of plugin that it is for.
        function: What it does.
    """

    name: str
    kinds: tuple[str, ...]
    function: Callable[[Subject], None]

    @property
    def promise(self) -> str:
        """What it holds, in a sentence."""
        return " ".join((self.function.__doc__ or "").partition("\n\n")[0].split())

    def __call__(self, subject: Subject) -> None:
        """Run the check, and leave dtype policy and random states as they were.

        Raises:
            CheckFailed: where the promise is not kept.
            CheckSkipped: where there is nothing to look at.
        """
        with _isolated():
            self.function(subject)


_CHECKS: dict[str, Check] = {}


def check(
    *kinds: str,
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """Register a function as the check of its name, for some kinds of plugin; techniques if none.

    Example:
        >>> @check("technique")
        ... def rhymes(subject):
        ...     '''A rhyme is kept.'''
        >>> _CHECKS.pop("rhymes").promise
        'A rhyme is kept.'
    """

    def registered(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
        name = function.__name__
        _CHECKS[name] = Check(name, kinds or ("technique",), function)
        return function

    return registered


def chosen(names: Iterable[str] | None = None) -> list[Check]:
    """Return the checks of these names, by default all, in the order in which they run.

    Raises:
        RegkitError: for a name that no check has, with the nearest.
    """
    from regkit.testing.checks import ORDER  # importing a file registers what is in it

    for name in names or ():
        if name not in _CHECKS:
            raise RegkitError(
                f"no check is called {name!r}{suggest(name, _CHECKS)} "
                f"Known: {', '.join(sorted(_CHECKS))}"
            )
    files = [module.__name__ for module in ORDER]
    checks = [check for check in _CHECKS.values() if names is None or check.name in names]
    return sorted(checks, key=lambda check: files.index(check.function.__module__))


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


@contextlib.contextmanager
def _isolated() -> Iterator[None]:
    policy = keras.config.dtype_policy()
    states = random.getstate(), np.random.get_state()
    keras.config.set_dtype_policy("float32")
    seed_everything()
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        random.setstate(states[0])
        np.random.set_state(states[1])
