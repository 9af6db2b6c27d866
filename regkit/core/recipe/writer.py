"""A technique as text that makes exactly it again.

The text shows the strengths of a technique also where they are the defaults, and other options
where they are not: it says what runs.
"""

from __future__ import annotations

import math

from regkit.core import options, registry, schedules
from regkit.core.errors import RecipeError
from regkit.core.options.bounds import Constraint
from regkit.core.technique import Technique
from regkit.core.words import number

__all__ = ["text_of", "text_under"]


def text_of(technique: Technique, *alternatives: Technique) -> str:
    """Return the text of a technique, its strengths visible: `dropout(0.5)`, not `dropout`.

    Args:
        technique: The technique.
        alternatives: Others of its class which may stand in its place, so that all together are
            every combination of some values of its options: `dropout(0.1|0.5)`.

    Raises:
        RecipeError: for a technique that is not registered, an option that has no text form.
    """
    identifier = registry.identify(type(technique))
    if identifier is None:
        raise RecipeError(
            f"{technique!r} has no text form: {type(technique).__name__} is not registered under "
            "the entry point group 'regkit.techniques'"
        )
    return text_under(identifier, technique, *alternatives)


def text_under(identifier: str, technique: Technique, *alternatives: Technique) -> str:
    """Return the text of a technique that is, or will be, registered under an id.

    Raises:
        RecipeError: for an option that has no text form.
    """
    given, cls = [], type(technique)
    constraints, strengths = options.constraints(cls), options.strengths(cls)
    by_place = options.by_place(cls)
    for place, (name, default) in enumerate(options.defaults(cls).items()):
        values = [getattr(one, name) for one in (technique, *alternatives)]
        if name not in strengths and all(_same(value, default) for value in values):
            continue
        texts = [_written(value, name, constraints[name]) for value in values]
        written = "|".join(dict.fromkeys(texts))
        first = place == 0 and name in by_place
        given.append(written if name in strengths and first else f"{name}={written}")
    return f"{identifier}({', '.join(given)})" if given else identifier


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default


def _written(value: object, option: str, constraint: Constraint) -> str:
    """Return an option's value; without a point where the option makes a float of an integer."""
    if isinstance(value, float) and value.is_integer() and math.copysign(1, value) > 0:
        try:
            same = constraint.check(int(value))
        except (TypeError, ValueError):
            same = None
        if type(same) is float and same == value:
            return min(str(int(value)), number(value), key=len)
    return _literal(value, option)


def _literal(value: object, option: str) -> str:
    if isinstance(value, float):
        return number(value)
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(item, option) for item in value)}]"
    if isinstance(value, dict) and all(isinstance(key, str | int) for key in value):
        pairs = (f"{_literal(key, option)}: {_literal(own, option)}" for key, own in value.items())
        return "{" + ", ".join(pairs) + "}"
    if (written := schedules.text(value, lambda item: _literal(item, option))) is not None:
        return written
    raise RecipeError(
        f"{option}={value!r} has no text form; text holds numbers, strings, lists, dicts and Keras "
        "schedules. Build the technique in Python instead"
    )
