"""Constraints made of others: one of several kinds, or a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.core.options.bounds import Constraint

__all__ = ["Either", "Pair", "Range", "Several"]


class Either(Constraint):
    """What one of several constraints allows, tried in their order.

    Example:
        >>> from regkit.core.options.bounds import Integer
        >>> from regkit.core.options.choices import Choice
        >>> Either(Choice("epoch"), Integer(1)).describe()
        "'epoch' or a whole number of at least 1"
    """

    def __init__(self, *kinds: Constraint) -> None:
        self.kinds = kinds
        with_neutral = next((kind for kind in kinds if kind.neutral is not None), None)
        self.neutral = None if with_neutral is None else with_neutral.neutral
        self.schedule = any(kind.schedule for kind in kinds)
        self.constant_at = tuple(number for kind in kinds for number in kind.constant_at)
        self.says_how_often = with_neutral is not None and with_neutral.says_how_often

    def describe(self) -> str:
        """Return the kinds."""
        return " or ".join(kind.describe() for kind in self.kinds)

    def check(self, value: object) -> Any:
        """Return the normal form of the first that takes the value."""
        for kind in self.kinds:
            try:
                return kind.check(value)
            except (TypeError, ValueError):
                continue
        raise ValueError

    def bad_values(self) -> list[Any]:
        """Return the bad values of each that no other takes."""
        return [bad for kind in self.kinds for bad in kind.bad_values() if not self._takes(bad)]

    def _takes(self, value: object) -> bool:
        try:
            self.check(value)
        except (TypeError, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Range(Constraint):
    """Two values that another constraint allows, the lower one first; or None where `optional`.

    Example:
        >>> from regkit.core.options.bounds import Real
        >>> Range(Real(0, 1)).check([0.25, 0.5])
        (0.25, 0.5)
    """

    of: Constraint
    optional: bool = False

    def describe(self) -> str:
        """Return the form."""
        each = f"a range (low, high) with low < high, each {self.of.describe()}"
        return each + " or None" * self.optional

    def check(self, value: object) -> Any:
        """Return the two as a tuple, or None."""
        if value is None and self.optional:
            return None
        if not isinstance(value, list | tuple):
            raise TypeError
        low, high = (self.of.check(end) for end in value)
        if low >= high:
            raise ValueError
        return low, high

    def bad_values(self) -> list[Any]:
        """Return reversed and empty ranges, other lengths, and ranges of bad values."""
        bad = [(0.75, 0.25), (0.5, 0.5), (), (0.5,), (0.25, 0.5, 0.75), 0.5]
        return bad + [(0.5, high) for high in self.of.bad_values()]


@dataclass(frozen=True)
class Pair(Constraint):
    """Two values that another constraint allows, in any order.

    Example:
        >>> from regkit.core.options.bounds import Integer
        >>> Pair(Integer(1)).check([48, 64])
        (48, 64)
    """

    of: Constraint

    def describe(self) -> str:
        """Return the form."""
        return f"a pair (a, b), each {self.of.describe()}"

    def check(self, value: object) -> tuple[Any, Any]:
        """Return the two as a tuple."""
        if not isinstance(value, list | tuple):
            raise TypeError
        first, second = (self.of.check(item) for item in value)
        return first, second

    def bad_values(self) -> list[Any]:
        """Return other lengths, and pairs of bad values."""
        bad = self.of.bad_values()
        return [
            (),
            0.5,
            *((value,) * n for value in bad[:1] for n in (1, 3)),
            *((b, b) for b in bad),
        ]


@dataclass(frozen=True)
class Several(Constraint):
    """What another constraint allows, or a list of at least so many of such; or None.

    Example:
        >>> from regkit.core.options.choices import Name
        >>> Several(Name("a column"), optional=True).describe()
        'a column, or a list of these, or None'
    """

    one: Constraint
    least: int = 1
    optional: bool = False

    def describe(self) -> str:
        """Return the forms."""
        return f"{self.one.describe()}, or a list of these" + ", or None" * self.optional

    def check(self, value: object) -> Any:
        """Return the value, the list, or None."""
        if value is None and self.optional:
            return None
        if isinstance(value, list | tuple):
            if len(value) < self.least:
                raise ValueError
            return [self.one.check(item) for item in value]
        return self.one.check(value)

    def bad_values(self) -> list[Any]:
        """Return a list that is too short, and the bad values of one, alone and in a list."""
        bad = [value for value in self.one.bad_values() if not (self.optional and value is None)]
        return [*([[]] if self.least else []), *bad, bad[:1]]
