"""What an option may be: bounds, in words, as a check, and as values that must be refused."""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Boolean",
    "Constraint",
    "Integer",
    "Probability",
    "Real",
    "Seed",
]


class Constraint(ABC):
    """What an option may be. Subclasses are frozen dataclasses.

    Attributes:
        neutral: The value at which a technique with this option does nothing, or None.
        schedule: Whether it may be a schedule; its number is then an input of the compiled step.
        constant_at: Numbers that are constants of the step, which takes another form there.

    Example:
        >>> @dataclass(frozen=True)
        ... class Even(Constraint):
        ...     def describe(self):
        ...         return "an even number"
        ...     def check(self, value):
        ...         if value % 2:
        ...             raise ValueError
        ...         return value
        >>> Even().check(4)
        4
    """

    neutral: Any = None
    schedule: bool = False
    constant_at: tuple[float, ...] = ()
    says_how_often: bool = False  # the neutral value is one of how often, not of how strongly

    @abstractmethod
    def describe(self) -> str:
        """Return what is allowed, to follow the words "must be"."""

    @abstractmethod
    def check(self, value: object) -> Any:
        """Return the value in its normal form, or raise `TypeError` or `ValueError`."""

    def bad_values(self) -> list[Any]:
        """Return values that `check` must refuse."""
        return [object()]

    def nearest(self, value: object) -> str:
        """Return a hint at the allowed value that a misspelt one means, or an empty string."""
        return ""

    def show(self, value: object) -> str:
        """Return a value as the `repr` of a technique shows it."""
        from regkit.core import schedules  # Keras loads when a value may be one, not before

        return schedules.show(value)


@dataclass(frozen=True)
class Real(Constraint):
    """A real number within bounds; also a function of the step (`schedule`), or None (`optional`).

    Example:
        >>> Real(0, 1, open_high=True).describe()
        'a number in [0, 1)'
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    neutral: float | None = None
    schedule: bool = False
    optional: bool = False

    def describe(self) -> str:
        """Return the interval in words."""
        left = "(" if self.open_low or math.isinf(self.low) else "["
        right = ")" if self.open_high or math.isinf(self.high) else "]"
        where = f" in {left}{self.low:g}, {self.high:g}{right}"
        bounded = not (math.isinf(self.low) and math.isinf(self.high))
        what = "a number" + (where if bounded else "")
        what += " or a LearningRateSchedule" if self.schedule else ""
        return what + (" or None" if self.optional else "")

    def check(self, value: object) -> Any:
        """Return a float, the schedule, or None."""
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return self._schedule(value)
        try:
            value = float(value)
        except OverflowError:  # a whole number beyond what a float holds
            raise ValueError from None
        low_ok = value > self.low if self.open_low else value >= self.low
        high_ok = value < self.high if self.open_high else value <= self.high
        if not (low_ok and high_ok and math.isfinite(value)):  # a NaN fails every comparison
            raise ValueError
        return value

    def _schedule(self, value: object) -> Any:
        if self.schedule:
            from regkit.core import schedules  # loads Keras

            if schedules.is_schedule(value):
                return value
        raise TypeError

    def bad_values(self) -> list[Any]:
        """Return values just outside the bounds, NaN, infinity and wrong types."""
        bad: list[Any] = [math.nan, math.inf, -math.inf, "much", True, object()]
        bad += [] if self.optional else [None]
        if math.isfinite(self.low):
            bad += [self.low - 1.0] + ([self.low] if self.open_low else [])
        if math.isfinite(self.high):
            bad += [self.high + 1.0] + ([self.high] if self.open_high else [])
        return bad


@dataclass(frozen=True)
class Probability(Real):
    """The probability with which a technique acts at all, on an example or in a step.

    Example:
        >>> Probability().describe()
        'a number in [0, 1] or a LearningRateSchedule'
    """

    says_how_often = True
    constant_at = (1.0,)  # always: nothing is drawn to decide

    low: float = 0.0
    high: float = 1.0
    neutral: float | None = 0.0
    schedule: bool = True


@dataclass(frozen=True)
class Integer(Constraint):
    """A whole number of at least `low` (and at most `high`), or None where `optional`.

    Example:
        >>> Integer(1, 10).describe()
        'a whole number of at least 1 and at most 10'
    """

    low: int | None = None
    high: int | None = None
    optional: bool = False
    neutral: int | None = None

    def describe(self) -> str:
        """Return the range in words."""
        low = "" if self.low is None else f" of at least {self.low}"
        high = "" if self.high is None else f" and at most {self.high}"
        return f"a whole number{low}{high}" + (" or None" if self.optional else "")

    def check(self, value: object) -> Any:
        """Return an int."""
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError
        value = int(value)
        if (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        ):
            raise ValueError
        return value

    def bad_values(self) -> list[Any]:
        """Return numbers outside the range and wrong types."""
        bad: list[Any] = [0.5, "one", True, math.nan]
        bad += [self.low - 1] if self.low is not None else []
        bad += [self.high + 1] if self.high is not None else []
        return bad + ([] if self.optional else [None])


@dataclass(frozen=True)
class Seed(Integer):
    """The seed of a technique's random numbers, or None to follow `keras.utils.set_random_seed`.

    Example:
        >>> Seed().check(1), Seed().check(None)
        (1, None)
    """

    low: int | None = 0
    high: int | None = 2**63 - 1
    optional: bool = True


@dataclass(frozen=True)
class Boolean(Constraint):
    """True or False.

    Example:
        >>> Boolean().check(True)
        True
    """

    def describe(self) -> str:
        """Return the two values."""
        return "True or False"

    def check(self, value: object) -> bool:
        """Return the value."""
        if not isinstance(value, bool):
            raise TypeError
        return value

    def bad_values(self) -> list[Any]:
        """Return what only looks like a truth value."""
        return ["yes", 1, None]
