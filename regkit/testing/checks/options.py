"""Options: each declared, with its bounds, and refused by name where it is impossible."""

from __future__ import annotations

import inspect

from regkit.core.errors import OptionError
from regkit.core.options import constraints, defaults
from regkit.core.technique import Technique
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped, said
from regkit.testing.subject import CannotMake, Subject

__all__ = ["bad_options", "declared_options", "default_options", "misspelt_option"]


@check()
def declared_options(subject: Subject) -> None:
    """Every argument of `__init__` declares what it may be."""
    try:
        constraints(subject.cls)
    except TypeError as error:
        raise CheckFailed(
            "every argument of __init__ has an annotation with a constraint",
            str(error),
            "annotate it, as in `stddev: Strength = 0.1`; regkit.core.options has the names",
        ) from error


@check()
def default_options(subject: Subject) -> None:
    """The defaults make an instance, or `checked_as` does, of this class."""
    try:
        made = subject.make()
    except CannotMake as error:
        raise CheckFailed(
            f"{subject.name}() makes a technique, or {subject.name}.checked_as() gives a list",
            said(error.__cause__ or error, subject.cls),
            "give every option a default that its constraint allows, or a classmethod checked_as "
            f"that returns such a list, as [cls({', '.join(_without_default(subject))})]",
        ) from error
    if not isinstance(made, Technique) or type(made) is not subject.cls:
        raise CheckFailed(
            f"checked_as gives instances of {subject.name}",
            f"it gives {made!r}",
            "return [cls(...)] from it",
        )


def _without_default(subject: Subject) -> list[str]:
    empty = inspect.Parameter.empty
    return [f"{name}=…" for name, one in defaults(subject.cls).items() if one is empty]


@check()
def bad_options(subject: Subject) -> None:
    """Every option refuses the bad values of its constraint, by name, bounds and what it was."""
    for name, constraint in subject.options.items():
        for value in constraint.bad_values():
            _refused(subject, name, value, constraint.describe())


def _refused(subject: Subject, name: str, value: object, allowed: str) -> None:
    now = {option: getattr(subject.make(), option) for option in subject.options}
    expected = f"{subject.name}({name}={value!r}) raises an OptionError: {name} must be {allowed}"
    fix = (
        "leave the check to the annotation of the option: Technique checks it before __init__ "
        "runs. A constraint of your own raises ValueError or TypeError in check()"
    )
    try:
        made = subject.cls(**{**now, name: value})
    except OptionError as error:
        text = str(error)
        if all(part in text for part in (name, allowed, f"received {name}=")):
            return
        raise CheckFailed(expected, f"OptionError: {text}", fix) from error
    except Exception as error:
        raise CheckFailed(expected, said(error), fix) from error
    raise CheckFailed(expected, f"it was taken: {made!r}", fix)


@check()
def misspelt_option(subject: Subject) -> None:
    """An unknown keyword is refused, with the nearest that there is."""
    right = next(iter(subject.options), None)
    if right is None:
        raise CheckSkipped("it has no options")
    wrong = right[:-1] if len(right) > 3 else right + "x"
    expected = f"{subject.name}({wrong}=…) raises an OptionError: did you mean {right!r}?"
    fix = (
        "write an __init__ that names its arguments one by one: no **kwargs, and no @dataclass, "
        "whose __init__ checks nothing"
    )
    try:
        subject.cls(**{wrong: 0.1})
    except OptionError as error:
        if f"did you mean {right!r}" in str(error):
            return
        raise CheckFailed(expected, f"OptionError: {error}", fix) from error
    except Exception as error:
        raise CheckFailed(expected, said(error), fix) from error
    raise CheckFailed(expected, "it was taken", fix)
