"""Words that depend on what they are about: numbers in messages, and the names of classes."""

from __future__ import annotations

import math
import re

__all__ = ["counted", "registered", "shown"]

HUGE = 10**40


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun, in the singular for 1.

    Example:
        >>> counted(1, "pair"), counted(0, "pair"), counted(2, "entry", "entries")
        ('1 pair', '0 pairs', '2 entries')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"


def shown(value: object) -> str:
    """Return a value as messages show it: its `repr`, but of a huge whole number its length.

    Example:
        >>> shown(0.5), shown(10**400)
        ('0.5', '(a number of 401 digits)')
    """
    if isinstance(value, int) and abs(value) >= HUGE:
        digits = round(math.log10(abs(value)))
        return f"(a number of {digits + (abs(value) >= 10**digits)} digits)"
    return repr(value)


def registered(cls: str) -> str:
    """Return a class's name as its entry point and recipes have it.

    Example:
        >>> registered("DropConnect"), registered("L2"), registered("DropoutMLP")
        ('drop_connect', 'l2', 'dropout_mlp')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls).lower()
