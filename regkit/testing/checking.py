"""What a check is: a function of a subject that raises where a promise is not kept."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np

from regkit.testing.subject import Subject
from regkit.testing.workbench import seed_everything

__all__ = ["CHECKS", "Check", "check"]


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


CHECKS: dict[str, Check] = {}


def check(
    *kinds: str,
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """Register a function as the check of its name, for some kinds of plugin; techniques if none.

    Example:
        >>> @check("technique")
        ... def rhymes(subject):
        ...     '''A rhyme is kept.'''
        >>> CHECKS.pop("rhymes").promise
        'A rhyme is kept.'
    """

    def registered(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
        name = function.__name__
        CHECKS[name] = Check(name, kinds or ("technique",), function)
        return function

    return registered


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
