"""Round trips: options as a dict, as JSON, as the text of a recipe, and as they are shown."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

import keras

from regkit.core import registry
from regkit.core.options import defaults
from regkit.core.recipe import Recipe
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped, attempted, said
from regkit.testing.subject import Subject

__all__ = ["config", "representation", "text"]


@check()
def config(subject: Subject) -> None:
    """`get_config` holds every option; JSON keeps it; an equal technique is made of it."""
    made = subject.make()
    given = made.get_config()
    stored = {name: getattr(made, name) for name in subject.options}
    fix = (
        "leave get_config to Technique, and set self.<option> to the option as it came: what is "
        "computed from it goes under another name"
    )
    expected = f"get_config() of {made!r} is its options, {_shown(stored)}"
    if _shown(given) != _shown(stored):
        raise CheckFailed(expected, f"it is {_shown(given)}", fix)
    try:
        written = json.loads(json.dumps(given, default=_schedule))
    except (TypeError, ValueError) as error:
        raise CheckFailed(
            f"json.dumps takes the options of {made!r}: numbers, text, lists and schedules",
            said(error),
            "let the constraint's check() return plain Python values, float(x) for an array's; "
            "what is computed from them goes under another name",
        ) from error
    options = {name: given[name] if _takes(given[name]) else written[name] for name in given}
    with attempted(f"{subject.name}(**config) makes an equal technique", fix):
        again = subject.cls(**options).get_config()
    if _shown(again) != _shown(given):
        raise CheckFailed(
            f"{subject.name}(**config) has the options {_shown(given)}",
            f"it has {_shown(again)}",
            fix + "; a constraint's check() must take what it has returned",
        )


def _takes(value: object) -> TypeGuard[keras.optimizers.schedules.LearningRateSchedule]:
    return isinstance(value, keras.optimizers.schedules.LearningRateSchedule)


def _schedule(value: object) -> Any:
    if _takes(value):
        return value.get_config()
    raise TypeError(f"{value!r} of type {type(value).__name__} has no JSON form")


def _shown(options: dict[str, Any]) -> str:
    values = {
        name: value.get_config() if _takes(value) else value for name, value in options.items()
    }
    return repr(dict(sorted(values.items())))


@check()
def text(subject: Subject) -> None:
    """The text of a recipe names the technique with its options, and gives an equal one back."""
    made = subject.make()
    if registry.identify(subject.cls) is None:
        raise CheckSkipped("it is not registered, so no text names it")
    with attempted(
        f"str(regkit.Recipe([{made!r}])) is text, and regkit.Recipe(text) makes it again",
        "let options be numbers, text, truth values, None, lists or schedules; a table can be two "
        "lists, a function a word of a Choice",
    ):
        written = str(Recipe([made]))
        again = Recipe(written)[0]
    if type(again) is not type(made) or _shown(again.get_config()) != _shown(made.get_config()):
        raise CheckFailed(
            f"{written!r} makes {made!r}",
            f"it makes {again!r}",
            "set self.<option> to the option as it came, in the form that its constraint returns",
        )


@check()
def representation(subject: Subject) -> None:
    """`repr` is the call that makes the technique, on one line, alike for equal ones."""
    made, other = subject.make(), subject.make()
    fix = "leave __repr__ to Technique; how an option is shown its constraint's show() says"
    with attempted(f"repr of a {subject.name} is text", fix):
        shown, again = repr(made), repr(other)
    given = [
        name
        for name, default in defaults(subject.cls).items()
        if repr(getattr(made, name)) != repr(default)
    ]
    call = f"{subject.name}({', '.join(f'{name}=…' for name in given)})"
    named = shown.startswith(f"{subject.name}(") and all(f"{name}=" in shown for name in given)
    if not named or "\n" in shown or shown != again:
        raise CheckFailed(
            f"repr is {call} on one line, the same for two that are equal",
            f"{shown!r}, and for an equal one {again!r}",
            fix,
        )
