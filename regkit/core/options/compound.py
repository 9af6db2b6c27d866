"""Constraints made of others: one of several kinds, or a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.core.options.bounds import Constraint

__all__ = ["Either", "Range", "Several"]


class Either(Constraint):
    """What one of several constraints allows, tried in their order.

    Example:
        >>> from regkit.core.options.bounds import Choice, Integer
        >>> Either(Choice("epoch"), Integer(1)).describe()
        "'epoch' or a whole number of at least 1"
    """

    def __init__(self, *kinds: Constraint) -> None:
        self.kinds = kinds
        self.neutral = next((kind.neutral for kind in kinds if kind.neutral is not None), None)

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
        return [one for kind in self.kinds for one in kind.bad_values() if not self._takes(one)]

    def _takes(self, value: object) -> bool:
        try:
            self.check(value)
        except (TypeError, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Range(Constraint):
    """Two values that another constraint allows, the lower one first.

    Example:
        >>> from regkit.core.options.bounds import Real
        >>> Range(Real(0, 1)).check([0.25, 0.5])
        (0.25, 0.5)
    """

    of: Constraint

    def describe(self) -> str:
        """Return the form."""
        return f"a range (low, high) with low < high, each {self.of.describe()}"

    def check(self, value: object) -> Any:
        """Return the two as a tuple."""
        if not isinstance(value, list | tuple):
            raise TypeError
        low, high = (self.of.check(one) for one in value)
        if low >= high:
            raise ValueError
        return low, high

    def bad_values(self) -> list[Any]:
        """Return reversed and empty ranges, other lengths, and ranges of bad values."""
        bad = [(0.75, 0.25), (0.5, 0.5), (), (0.5,), (0.25, 0.5, 0.75), 0.5]
        return bad + [(0.5, one) for one in self.of.bad_values()]


@dataclass(frozen=True)
class Several(Constraint):
    """What another constraint allows, or a list of such values.

    Example:
        >>> from regkit.core.options.bounds import Choice
        >>> Several(Choice("min", "max")).check(("min", "max"))
        ['min', 'max']
    """

    one: Constraint

    def describe(self) -> str:
        """Return the forms."""
        return f"{self.one.describe()}, or a list of these"

    def check(self, value: object) -> Any:
        """Return the value, or the list."""
        if isinstance(value, list | tuple):
            if not value:
                raise ValueError
            return [self.one.check(one) for one in value]
        return self.one.check(value)

    def bad_values(self) -> list[Any]:
        """Return an empty list, and the bad values of the one, alone and in a list."""
        bad = self.one.bad_values()
        return [[], *bad, bad[:1]]
