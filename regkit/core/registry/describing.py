"""What a class says of its options and stages, read off the class itself once it is imported.

A plugin's class is imported and read in a process of its own (`regkit.cli.probe`). What that
process answers was written by others' code, so it is held against the form that is expected here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from regkit.core import options
from regkit.core.registry.entry import printable

__all__ = ["Description", "Option", "describe", "from_answer"]


@dataclass(frozen=True)
class Option:
    """An option, as `__init__` declares it.

    Attributes:
        name: Its name.
        default: Its default as Python writes it; None where it must be given.
        allowed: What it may be, in words; without a constraint, its annotation as it is written.
        keyword_only: Whether it is given by name only.
    """

    name: str
    default: str | None
    allowed: str
    keyword_only: bool


@dataclass(frozen=True)
class Description:
    """What a class says beside its docstring.

    Attributes:
        options: Its options.
        stages: The stages at which a technique may act; its options may choose among them.
    """

    options: tuple[Option, ...] = ()
    stages: tuple[str, ...] = ()


def describe(cls: type, kind: str) -> Description:
    """Return what a class of a kind says of itself.

    Example:
        >>> import regkit
        >>> l2 = describe(regkit.L2, "technique")
        >>> l2.stages, [option.name for option in l2.options]
        (('PENALTY',), ['strength', 'layers', 'weights'])
    """
    return Description(_options(cls.__init__), _stages(cls) if kind == "technique" else ())  # type: ignore[misc]


def _options(init: Callable[..., None]) -> tuple[Option, ...]:
    allowed = _allowed(init)
    _, *parameters = inspect.signature(init).parameters.values()  # the first is self
    return tuple(
        Option(
            parameter.name,
            None if parameter.default is parameter.empty else printable(repr(parameter.default)),
            printable(allowed.get(parameter.name) or _annotation(parameter)),
            parameter.kind is parameter.KEYWORD_ONLY,
        )
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    )


def _allowed(init: Callable[..., None]) -> dict[str, str]:
    """Return what each option with a constraint may be, in words."""
    try:
        constraints = options.constraints_of(init)
    except NameError:  # an annotation may name what is imported for type checkers only
        return {}
    return {name: constraint.describe() for name, constraint in constraints.items()}


def _annotation(parameter: inspect.Parameter) -> str:
    written = parameter.annotation
    if written is parameter.empty:
        return ""
    return written if isinstance(written, str) else inspect.formatannotation(written)


def _stages(cls: type) -> tuple[str, ...]:
    from regkit.core.technique import Technique  # imports Keras, so only now

    # The base class's answer, from the methods alone: an instance with options may act at fewer.
    assert issubclass(cls, Technique)
    return tuple(stage.name for stage in Technique.stages(cls.__new__(cls)))


def from_answer(answer: object) -> Description:
    """Return the description that a process answered; what has another form is left out.

    Example:
        >>> from_answer({"stages": ["UPDATE"], "options": [{"name": "rate", "default": "0.5"}]})
        Description(options=(Option(name='rate', default='0.5', allowed='', keyword_only=False),), \
stages=('UPDATE',))
    """
    if not isinstance(answer, dict):
        return Description()
    return Description(
        tuple(_option_of(given) for given in _dicts(answer.get("options"))),
        tuple(printable(str(name)) for name in _list(answer.get("stages"))),
    )


def _option_of(given: dict[str, object]) -> Option:
    default = given.get("default")
    return Option(
        printable(str(given.get("name", ""))),
        None if default is None else printable(str(default)),
        printable(str(given.get("allowed", ""))),
        given.get("keyword_only") is True,
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, object]]:
    return [item for item in _list(value) if isinstance(item, dict)]
