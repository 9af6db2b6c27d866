"""What results of strengths have in common in words: strengths, tables, lists."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from regkit.core.words import number

__all__ = ["decimals", "plain_table", "spelled", "strength_name"]


def decimals(value: float) -> int:
    """Return with how many decimals a value has four significant digits.

    Example:
        >>> decimals(0.1234), decimals(97.5), decimals(31250.0), decimals(0.0)
        (4, 2, 0, 3)
    """
    return max(0, 3 - math.floor(math.log10(abs(value)))) if value else 3


def strength_name(strength: float) -> str:
    """Return a strength as a table shows it.

    Example:
        >>> strength_name(0.0001), strength_name(1.0), strength_name(0.0)
        ('1e-4', '1', 'none')
    """
    return number(float(strength)).removesuffix(".0") if strength else "none"


def spelled(words: Sequence[str]) -> str:
    """Return words as a sentence lists them.

    Example:
        >>> spelled(["1"]), spelled(["1", "2", "4"])
        ('1', '1, 2 and 4')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def plain_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, the first as their heading, in columns two spaces apart.

    Example:
        >>> print(plain_table([["strength", "error"], ["none", "0.25"]]))
        strength  error
        none      0.25
    """
    widths = np.array([[len(cell) for cell in row] for row in rows]).max(axis=0)
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
