"""Options of techniques and functions: declared once on `__init__` or the function, as annotations.

From one declaration come the validation, the message, the help text and the bad values that the
conformance checks try:

    def __init__(self, rate: Rate = 0.5, *, layers: LayerOption = None) -> None:

A constraint (`regkit.core.options.bounds`) says what it allows, checks and normalizes a value,
names values that it must refuse, and the value at which the technique does nothing.
"""

from __future__ import annotations

import functools
import inspect
import typing
import weakref
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from regkit.core.errors import OptionError, suggest
from regkit.core.options.bounds import Constraint
from regkit.core.words import shown

__all__ = [
    "bind",
    "by_place",
    "checked",
    "checked_call",
    "checked_init",
    "checked_value",
    "constraints",
    "constraints_of",
    "defaults",
    "of_kind",
    "signature_text",
    "strengths",
]


def constraints(cls: type) -> dict[str, Constraint]:
    """Return the constraint of every option of a class, from its `__init__`, in order.

    Example:
        >>> import regkit
        >>> constraints(regkit.GaussianNoise)["stddev"].describe()
        'a number in [0, inf) or a LearningRateSchedule'
    """
    if cls in _CONSTRAINTS:
        return _CONSTRAINTS[cls]
    declared = constraints_of(cls.__init__)  # type: ignore[misc]
    names = list(inspect.signature(cls).parameters)
    for name in names:
        if name not in declared:
            raise TypeError(
                f"{cls.__qualname__}: option {name!r} declares no constraint; annotate it, as in "
                f"`{name}: Annotated[float, Real(0, 1)]` or with an alias of regkit.core.options"
            )
    _CONSTRAINTS[cls] = {name: declared[name] for name in names}
    return _CONSTRAINTS[cls]


_CONSTRAINTS: weakref.WeakKeyDictionary[type, dict[str, Constraint]] = weakref.WeakKeyDictionary()


def checked(cls: type, name: str, value: object) -> Any:
    """Return the normal form of one option's value, or raise `OptionError`.

    Example:
        >>> import regkit
        >>> checked(regkit.Dropout, "rate", 0)
        0.0
    """
    return _checked(cls.__name__, {name: constraints(cls)[name]}, {name: value})[name]


def constraints_of(function: Callable[..., Any]) -> dict[str, Constraint]:
    """Return the constraints that the annotations of a function hold.

    Example:
        >>> from typing import Annotated
        >>> from regkit.core.options.bounds import Integer
        >>> def draw(n: Annotated[int, Integer(1)]) -> int:
        ...     return n
        >>> constraints_of(draw)["n"].describe()
        'a whole number of at least 1'
    """
    constraints = {}
    for name, hint in typing.get_type_hints(function, include_extras=True).items():
        marks = getattr(hint, "__metadata__", ())
        bounds = [mark for mark in marks if isinstance(mark, Constraint)]
        if bounds:
            constraints[name] = bounds[0]
    return constraints


def _checked(
    owner: str, declared: Mapping[str, Constraint], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments, those with a constraint in their normal form."""
    return {
        name: checked_value(name, declared[name], value, owner) if name in declared else value
        for name, value in arguments.items()
    }


def checked_value(name: str, constraint: Constraint, value: object, owner: str = "") -> Any:
    """Return the normal form of a value, or raise `OptionError`.

    Args:
        name: The option's name, as the message has it.
        constraint: What the option may be.
        value: What was given.
        owner: The class or function that the option belongs to, or empty.

    Example:
        >>> from regkit.core.options.bounds import Integer
        >>> checked_value("n", Integer(2), 1)
        Traceback (most recent call last):
        ...
        regkit.core.errors.OptionError: n must be a whole number of at least 2; received n=1
    """
    try:
        return constraint.check(value)
    except (TypeError, ValueError):
        raise OptionError(
            f"{owner}{': ' if owner else ''}{name} must be {constraint.describe()}; received "
            f"{name}={shown(value)}{constraint.nearest(value)}"
        ) from None


def bind(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the checked options of a call `cls(*args, **kwargs)`, defaults filled in.

    Raises:
        OptionError: naming the option, what is allowed, what was received and, for an unknown
            keyword, the nearest right spelling.

    Example:
        >>> import regkit
        >>> bind(regkit.GaussianNoise, (1,), {})
        {'stddev': 1.0, 'seed': None}
    """
    return _checked(cls.__name__, constraints(cls), _bound(cls, args, kwargs))


def _bound(
    target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call by name, defaults filled in."""
    signature = inspect.signature(target)
    for name in kwargs:
        if name not in signature.parameters:
            near = suggest(name, signature.parameters)
            raise OptionError(
                f"{target.__name__} has no option {name!r}{near or '.'} "
                f"Its options: {', '.join(signature.parameters) or 'none'}"
            )
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise OptionError(f"{target.__name__}{signature_text(target)}: {error}") from None
    bound.apply_defaults()
    return bound.arguments


_P = ParamSpec("_P")
_R = TypeVar("_R")


def checked_call(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a function that first checks its arguments which declare a constraint.

    Example:
        >>> from typing import Annotated
        >>> from regkit.core.options.bounds import Integer
        >>> @checked_call
        ... def draw(n: Annotated[int, Integer(1)]) -> int:
        ...     return n
        >>> draw(0)
        Traceback (most recent call last):
        ...
        regkit.core.errors.OptionError: draw: n must be a whole number of at least 1; received n=0
    """
    declared = constraints_of(function)

    @functools.wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        arguments = _checked(function.__name__, declared, _bound(function, args, kwargs))
        return function(**arguments)  # type: ignore[call-arg]  # the same arguments, by name

    return wrapper


def signature_text(target: Callable[..., Any]) -> str:
    """Return the signature without its annotations.

    Example:
        >>> import regkit
        >>> signature_text(regkit.GaussianNoise)
        '(stddev=0.1, *, seed=None)'
    """
    signature = inspect.signature(target)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))


def checked_init(init: Callable[..., None]) -> Callable[..., None]:
    """Return an `__init__` that checks its options first and hands on their normal form.

    Only the outermost `__init__` of an object is checked, since it receives what the user gave;
    what it passes on to `super().__init__` is not.

    Example:
        >>> from regkit.core.options import Rate
        >>> class Noise:
        ...     @checked_init
        ...     def __init__(self, rate: Rate = 0.5) -> None:
        ...         pass
        >>> Noise(rate=0).rate
        0.0
    """

    @functools.wraps(init)
    def wrapper(self: object, *args: object, **kwargs: object) -> None:
        if type(self).__init__ is not wrapper:
            init(self, *args, **kwargs)
            return
        options = bind(type(self), args, kwargs)
        init(self, **options)
        for name, value in options.items():
            self.__dict__.setdefault(name, value)

    return wrapper


def defaults(cls: type) -> dict[str, Any]:
    """Return the default of every option; `inspect.Parameter.empty` where it has none.

    Example:
        >>> import regkit
        >>> defaults(regkit.GaussianNoise)
        {'stddev': 0.1, 'seed': None}
    """
    return {name: p.default for name, p in inspect.signature(cls).parameters.items()}


def of_kind(cls: type, kind: type[Constraint]) -> tuple[str, ...]:
    """Return the names of the options whose declared bounds are of a kind.

    Example:
        >>> import regkit
        >>> from regkit.core.options import Layers, Seed
        >>> of_kind(regkit.Dropout, Layers), of_kind(regkit.Dropout, Seed), of_kind(regkit.L2, Seed)
        (('layers',), ('seed',), ())
    """
    return tuple(name for name, bounds in constraints(cls).items() if isinstance(bounds, kind))


def strengths(cls: type) -> tuple[str, ...]:
    """Return the options that say how strongly a technique acts, which its text always shows.

    They are those with a neutral value, at which it does nothing, but for a probability with which
    it acts at all.

    Example:
        >>> import regkit
        >>> strengths(regkit.Dropout), strengths(regkit.ElasticDistortion)
        (('rate',), ('alpha',))
    """
    declared = constraints(cls).items()
    return tuple(
        name
        for name, bounds in declared
        if bounds.neutral is not None and not bounds.says_how_often
    )


def by_place(cls: type) -> tuple[str, ...]:
    """Return the options that may be given by their place, without their names.

    Example:
        >>> import regkit
        >>> by_place(regkit.Dropout)
        ('rate',)
    """
    parameters = inspect.signature(cls).parameters
    return tuple(n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD)
