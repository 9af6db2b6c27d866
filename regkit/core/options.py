"""Options of techniques: declared once on `__init__`, as annotations.

From one declaration come the validation, the message, the help text and the bad values that the
conformance checks try:

    def __init__(self, rate: Rate = 0.5, *, layers: LayerOption = None) -> None:

A constraint (`regkit.core.constraints`) says what it allows, checks and normalizes a value, names
values that it must refuse, and the value at which the technique does nothing.
"""

from __future__ import annotations

import functools
import inspect
import typing
import weakref
from collections.abc import Callable
from typing import Annotated, Any

from regkit.core.compound import Either, Range, Several
from regkit.core.constraints import (
    Boolean,
    Choice,
    Constraint,
    Function,
    Integer,
    Layers,
    Name,
    Names,
    Real,
)
from regkit.core.errors import OptionError, suggest
from regkit.core.examples import Data
from regkit.core.words import shown

__all__ = [
    "Boolean",
    "Choice",
    "Constraint",
    "Data",
    "DataFormat",
    "Either",
    "Function",
    "Integer",
    "LayerOption",
    "Layers",
    "Name",
    "Names",
    "Range",
    "Rate",
    "Real",
    "SeedOption",
    "Several",
    "Share",
    "Strength",
    "WeightOption",
    "bind",
    "checked_init",
    "constraints",
    "defaults",
    "strengths",
]

# What most techniques use, by name.
Strength = Annotated[Any, Real(0, neutral=0, schedule=True)]
Rate = Annotated[Any, Real(0, 1, open_high=True, neutral=0, schedule=True)]
Share = Annotated[Any, Real(0, 1, neutral=0, schedule=True)]
DataFormat = Annotated[str | None, Choice("channels_last", "channels_first", optional=True)]
LayerOption = Annotated[Any, Layers()]
WeightOption = Annotated[Any, Names(optional=False)]
SeedOption = Annotated[int | None, Integer(0, 2**63 - 1, optional=True)]


def constraints(cls: type) -> dict[str, Constraint]:
    """Return the constraint of every option of a class, from its `__init__`, in order."""
    if cls in _CONSTRAINTS:
        return _CONSTRAINTS[cls]
    hints = typing.get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]
    found: dict[str, Constraint] = {}
    for name in list(inspect.signature(cls).parameters):
        marks = [
            m for m in getattr(hints.get(name), "__metadata__", ()) if isinstance(m, Constraint)
        ]
        if not marks:
            raise TypeError(
                f"{cls.__qualname__}: option {name!r} declares no constraint; annotate it, as in "
                f"`{name}: Annotated[float, Real(0, 1)]` or with an alias of regkit.core.options"
            )
        found[name] = marks[0]
    _CONSTRAINTS[cls] = found
    return found


_CONSTRAINTS: weakref.WeakKeyDictionary[type, dict[str, Constraint]] = weakref.WeakKeyDictionary()


def checked(cls: type, name: str, value: Any) -> Any:
    """Return the normal form of one option's value, or raise `OptionError`."""
    constraint = constraints(cls)[name]
    try:
        return constraint.check(value)
    except (TypeError, ValueError):
        raise OptionError(
            f"{cls.__name__}: {name} must be {constraint.describe()}; received "
            f"{name}={shown(value)}"
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
            near = suggest(name, signature.parameters)
            raise OptionError(
                f"{cls.__name__} has no option {name!r}{near or '.'} "
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


def strengths(cls: type) -> tuple[str, ...]:
    """Return the options that say how strongly a technique acts, which its text always shows.

    They are those with a neutral value that may be given by place; options by keyword only refine.

    Example:
        >>> import regkit
        >>> strengths(regkit.Dropout), strengths(regkit.ElasticDistortion)
        (('rate',), ('alpha',))
    """
    known = constraints(cls)
    return tuple(
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and known[name].neutral is not None
    )
