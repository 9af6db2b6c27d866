"""The values that a range such as `1e-5..1e-2` stands for."""

from __future__ import annotations

import math
import sys

from regkit.core.errors import RegkitError
from regkit.core.words import number, shown

__all__ = ["log_spaced"]


def log_spaced(low: object, high: object) -> list[float]:
    """Return the values of a range: on a logarithmic scale, one for each half decade or closer.

    The n + 1 values `low · (high/low)^(i/n)`, where n is the smallest for which neighbours are at
    most √10 apart; both ends exactly, those between rounded to two digits. Strengths matter by
    their order of magnitude: a linear scale would spend nearly all values on the largest.

    Args:
        low: The first value, above 0. Between two whole numbers all values are whole.
        high: The last, larger than the first.

    Raises:
        RegkitError: for ends that are no numbers, are not above 0, or come in the wrong order.

    Example:
        >>> log_spaced(1e-3, 1e-1), log_spaced(1, 20)
        ([0.001, 0.0032, 0.01, 0.032, 0.1], [1, 3, 7, 20])
    """
    first, last = _end(low), _end(high)
    if first == last:
        raise RegkitError(f"both ends of this range are {_text(first)}; write that value alone")
    if first > last:
        raise RegkitError(
            "a range goes from the smaller number to the larger; received "
            f"{_text(first)}..{_text(last)}"
        )
    start, end = math.log10(first), math.log10(last)
    n = max(1, math.ceil(2 * (end - start) - 1e-9))  # a little less: 1e-3..1e-1 is 4 steps
    powers = (10 ** (start + (end - start) * place / n) for place in range(1, n))
    between: list[float] = [float(f"{power:.2g}") for power in powers]
    if isinstance(first, int) and isinstance(last, int):
        between = [round(value) for value in between]
    return [first, *between, last]


def _end(value: object) -> float:
    """Return an end of a range, if it is one."""
    if value == 0 and not isinstance(value, bool):
        raise RegkitError(
            "a range is on a logarithmic scale, which does not reach 0; name two ends above 0, and "
            "0 beside them if it is meant: 0|1e-5..1e-2"
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RegkitError("a range is of two numbers above 0, as in 1e-5..1e-2")
    if not 0 < value <= sys.float_info.max:
        raise RegkitError(
            f"a range is of two finite numbers above 0, as in 1e-5..1e-2; received {_text(value)}"
        )
    return value


def _text(value: float) -> str:
    return number(value) if isinstance(value, float) else shown(value)
