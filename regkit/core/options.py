"""Options of techniques: bounds declared once, on `__init__`, as annotations.

From one declaration come the validation, the message, the help text and the bad values that the
conformance checks try:

    def __init__(self, rate: Rate = 0.5, *, layers: LayerOption = None) -> None:

A constraint says what it allows (`describe`), checks and normalizes a value (`check`), names values
that it must refuse (`bad_values`) and the value at which the technique does nothing (`neutral`).
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from regkit.core.errors import OptionError, suggest

__all__ = [
    "Boolean",
    "Choice",
    "Constraint",
    "Integer",
    "LayerOption",
    "Layers",
    "Names",
    "Rate",
    "Real",
    "SeedOption",
    "Strength",
    "WeightOption",
    "bind",
    "constraints",
]


class Constraint:
    """What an option may be. Subclasses are frozen dataclasses."""

    neutral: Any = None

    def describe(self) -> str:
        """Return what is allowed, to follow the words "must be"."""
        raise NotImplementedError

    def check(self, value: Any) -> Any:
        """Return the value in its normal form, or raise `TypeError` or `ValueError`."""
        raise NotImplementedError

    def bad_values(self) -> list[Any]:
        """Return values that `check` must refuse."""
        return [object()]


@dataclass(frozen=True)
class Real(Constraint):
    """A real number within bounds; with `schedule`, also a function of the step.

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

    def describe(self) -> str:
        """Return the interval in words."""
        left = "(" if self.open_low or math.isinf(self.low) else "["
        right = ")" if self.open_high or math.isinf(self.high) else "]"
        where = f" in {left}{self.low:g}, {self.high:g}{right}"
        bounded = not (math.isinf(self.low) and math.isinf(self.high))
        what = "a number" + (where if bounded else "")
        return what + (" or a LearningRateSchedule" if self.schedule else "")

    def check(self, value: Any) -> Any:
        """Return a float, or the schedule."""
        if self.schedule and isinstance(value, LearningRateSchedule):
            return value
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError
        value = float(value)
        low_ok = value > self.low if self.open_low else value >= self.low
        high_ok = value < self.high if self.open_high else value <= self.high
        if not (low_ok and high_ok and math.isfinite(value)):  # a NaN fails every comparison
            raise ValueError
        return value

    def bad_values(self) -> list[Any]:
        """Return values just outside the bounds, NaN, infinity and wrong types."""
        bad: list[Any] = [math.nan, math.inf, -math.inf, "much", None, True, object()]
        if math.isfinite(self.low):
            bad += [self.low - 1.0] + ([self.low] if self.open_low else [])
        if math.isfinite(self.high):
            bad += [self.high + 1.0] + ([self.high] if self.open_high else [])
        return bad


@dataclass(frozen=True)
class Integer(Constraint):
    """A whole number of at least `low` (and at most `high`), or None where `optional`."""

    low: int | None = None
    high: int | None = None
    optional: bool = False
    neutral: int | None = None

    def describe(self) -> str:
        """Return the range in words."""
        low = "" if self.low is None else f" of at least {self.low}"
        high = "" if self.high is None else f" and at most {self.high}"
        return f"a whole number{low}{high}" + (" or None" if self.optional else "")

    def check(self, value: Any) -> Any:
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
class Boolean(Constraint):
    """True or False."""

    def describe(self) -> str:
        """Return the two values."""
        return "True or False"

    def check(self, value: Any) -> bool:
        """Return the value."""
        if not isinstance(value, bool):
            raise TypeError
        return value

    def bad_values(self) -> list[Any]:
        """Return what only looks like a truth value."""
        return ["yes", 1, None]


class Choice(Constraint):
    """One of a few words.

    Example:
        >>> Choice("others", "all").describe()
        "'others' or 'all'"
    """

    def __init__(self, *words: str) -> None:
        self.words = words

    def describe(self) -> str:
        """Return the words."""
        return " or ".join(repr(word) for word in self.words)

    def check(self, value: Any) -> str:
        """Return the word."""
        if value not in self.words:
            raise ValueError
        return str(value)

    def bad_values(self) -> list[Any]:
        """Return a word that is not among them, and wrong types."""
        return ["?" + self.words[0], 0, None]


@dataclass(frozen=True)
class Names(Constraint):
    """A name with wildcards, or several, or None for all."""

    optional: bool = True

    def describe(self) -> str:
        """Return the forms."""
        return "a name with wildcards or a list of them" + (" or None" if self.optional else "")

    def check(self, value: Any) -> Any:
        """Return the string, or a list of strings."""
        if (value is None and self.optional) or (isinstance(value, str) and value):
            return value
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value):
            return [Names(optional=False).check(one) for one in value]
        raise TypeError

    def bad_values(self) -> list[Any]:
        """Return empty and wrong values."""
        return ["", [], 3] + ([] if self.optional else [None])


@dataclass(frozen=True)
class Layers(Constraint):
    """Which layers, as `regkit.core.select` understands them."""

    def describe(self) -> str:
        """Return the forms."""
        return "None, a layer name with wildcards, a layer, a layer class, a function, or a list"

    def check(self, value: Any) -> Any:
        """Return the selector; what it matches is found out on the model."""
        if isinstance(value, list | tuple):
            if not value:
                raise ValueError
            return [self.check(one) for one in value]
        if isinstance(value, str) and not value:
            raise ValueError
        if value is None or isinstance(value, str | keras.layers.Layer) or callable(value):
            return value
        raise TypeError

    def bad_values(self) -> list[Any]:
        """Return empty and wrong values."""
        return ["", [], 3]


# What most techniques use, by name.
Strength = Annotated[Any, Real(0, neutral=0, schedule=True)]
Rate = Annotated[Any, Real(0, 1, open_high=True, neutral=0, schedule=True)]
LayerOption = Annotated[Any, Layers()]
WeightOption = Annotated[Any, Names(optional=False)]
SeedOption = Annotated[int | None, Integer(0, 2**63 - 1, optional=True)]


@functools.cache
def constraints(cls: type) -> dict[str, Constraint]:
    """Return the constraint of every option of a class, from its `__init__`, in order."""
    hints = typing.get_type_hints(cls.__init__, include_extras=True)
    found = {}
    for name in list(inspect.signature(cls).parameters):
        marks = [m for m in getattr(hints.get(name), "__metadata__", ()) if isinstance(m, Constraint)]
        if not marks:
            raise TypeError(
                f"{cls.__qualname__}: option {name!r} declares no constraint; annotate it, as in "
                f"`{name}: Annotated[float, Real(0, 1)]` or with an alias of regkit.core.options"
            )
        found[name] = marks[0]
    return found


def checked(cls: type, name: str, value: Any) -> Any:
    """Return the normal form of one option's value, or raise `OptionError`."""
    constraint = constraints(cls)[name]
    try:
        return constraint.check(value)
    except (TypeError, ValueError):
        raise OptionError(
            f"{cls.__name__}: {name} must be {constraint.describe()}; received {name}={value!r}"
        ) from None


def bind(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the checked options of a call `cls(*args, **kwargs)`, defaults filled in.

    Raises:
        OptionError: naming the option, what is allowed, what was received and, for an unknown
            keyword, the nearest right spelling.
    """
    signature = inspect.signature(cls)
    for name in kwargs:
        if name not in signature.parameters:
            raise OptionError(
                f"{cls.__name__} has no option {name!r}{suggest(name, signature.parameters)}. "
                f"Its options: {', '.join(signature.parameters) or 'none'}"
            )
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise OptionError(f"{cls.__name__}{signature_text(cls)}: {error}") from None
    bound.apply_defaults()
    return {name: checked(cls, name, value) for name, value in bound.arguments.items()}


def signature_text(cls: type) -> str:
    """Return the signature without its annotations, as `(rate=0.5, *, seed=None)`."""
    signature = inspect.signature(cls)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))


def checked_init(init: Callable[..., None]) -> Callable[..., None]:
    """Return an `__init__` that checks its options first and hands on their normal form.

    The outermost `__init__` of an object sees all options that the user gave; those that it
    passes up by `super().__init__` are its own affair.
    """

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if type(self).__init__ is not wrapper:
            init(self, *args, **kwargs)
            return
        options = bind(type(self), args, kwargs)
        init(self, **options)
        for name, value in options.items():
            self.__dict__.setdefault(name, value)

    return wrapper


def defaults(cls: type) -> dict[str, Any]:
    """Return the default of every option; `inspect.Parameter.empty` where it has none."""
    return {name: p.default for name, p in inspect.signature(cls).parameters.items()}
