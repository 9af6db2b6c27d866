"""Words that depend on what they are about: numbers in messages, and the names of classes."""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["counted", "number", "registered", "shown", "signed"]

HUGE = 10**40


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun, in the singular for 1.

    Example:
        >>> counted(1, "pair"), counted(0, "pair"), counted(2, "entry", "entries")
        ('1 pair', '0 pairs', '2 entries')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Return a short text that Python reads as this float again; it stays a float.

    Example:
        >>> number(0.0001), number(0.25), number(3.0), number(1e16)
        ('1e-4', '0.25', '3.0', '1e16')
    """
    written = repr(value)
    if not math.isfinite(value) or value == 0:
        return written
    sign, digits, exponent = Decimal(written).normalize().as_tuple()
    assert isinstance(exponent, int)
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    power = exponent + len(rest)
    scientific = f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{power}"
    is_shorter = len(scientific) < len(written) and abs(power) > 2  # 10.0, and not 1e1
    return scientific if "e" in written or is_shorter else written


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


def signed(value: float, digits: int) -> str:
    """Return a difference with its sign, a true minus.

    Example:
        >>> signed(-0.26, 1)
        '−0.3'
    """
    return f"{value:+z.{digits}f}".replace("-", "−") if math.isfinite(value) else "not known"


def registered(cls: str) -> str:
    """Return a class's name as its entry point and recipes have it.

    Example:
        >>> registered("DropConnect"), registered("L2"), registered("DropoutMLP")
        ('drop_connect', 'l2', 'dropout_mlp')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls).lower()
