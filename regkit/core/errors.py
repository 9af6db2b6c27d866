"""The errors that regkit raises, all of them `ValueError`s with a message for the user.

A message says what was given, what is allowed and what to do; `suggest` adds the nearest name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AttachError",
    "ConflictError",
    "OptionError",
    "RecipeError",
    "RegistryError",
    "RegkitError",
    "SelectionError",
    "suggest",
]


class RegkitError(ValueError):
    """The base of every error that regkit raises on purpose.

    Example:
        >>> import regkit
        >>> try:
        ...     regkit.L2(strenght=0.1)
        ... except regkit.RegkitError as error:
        ...     print(error)
        L2 has no option 'strenght'; did you mean 'strength'? Its options: ...
    """


class OptionError(RegkitError):
    """An option has an impossible value, or a keyword is misspelt."""


class SelectionError(RegkitError):
    """`layers=` or `weights=` matches nothing, or cannot be decided for this model."""


class ConflictError(RegkitError):
    """Two techniques, or a technique and the compiled model, contradict each other."""


class AttachError(RegkitError):
    """The model, the backend or the way it is compiled cannot carry a technique."""


class RecipeError(RegkitError):
    """A text recipe does not parse; the message carries a caret at the place."""


class RegistryError(RegkitError):
    """A name is not registered, or what it names cannot be used."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'l2'?"` for the nearest known name, or an empty string.

    Example:
        >>> suggest("dropuot", ["dropout", "l2"])
        "; did you mean 'dropout'?"
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""
