"""What an option may be that is no number: a word, a name, a path, layers, weights, a function."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regkit.core.errors import suggest
from regkit.core.options.bounds import Constraint

__all__ = [
    "Choice",
    "FilePath",
    "Function",
    "ImageFormat",
    "Layers",
    "Name",
    "Names",
    "Weights",
]


class Choice(Constraint):
    """One of a few words, or None where `optional`.

    Example:
        >>> Choice("others", "all").describe()
        "'others' or 'all'"
    """

    def __init__(self, *words: str, optional: bool = False) -> None:
        self.words = words
        self.optional = optional

    def describe(self) -> str:
        """Return the words."""
        return " or ".join(repr(word) for word in self.words) + " or None" * self.optional

    def check(self, value: object) -> str | None:
        """Return the word, or None."""
        if value is None and self.optional:
            return None
        if value not in self.words:
            raise ValueError
        return str(value)

    def nearest(self, value: object) -> str:
        """Return the word that a misspelt one means."""
        return suggest(value, self.words) if isinstance(value, str) else ""

    def bad_values(self) -> list[Any]:
        """Return a word that is not among them, and wrong types."""
        return ["?" + self.words[0], 0] + ([] if self.optional else [None])


class ImageFormat(Choice):
    """How the axes of images come, or None for Keras' setting.

    Example:
        >>> ImageFormat().check("channels_last")
        'channels_last'
    """

    def __init__(self) -> None:
        super().__init__("channels_last", "channels_first", optional=True)


@dataclass(frozen=True)
class Names(Constraint):
    """A name with wildcards, or several, or None for all.

    Example:
        >>> Names().check(("hidden*", "out"))
        ['hidden*', 'out']
    """

    optional: bool = True

    def describe(self) -> str:
        """Return the forms."""
        return "a name with wildcards or a list of them" + (" or None" if self.optional else "")

    def check(self, value: object) -> Any:
        """Return the string, or a list of strings."""
        if (value is None and self.optional) or (isinstance(value, str) and value):
            return value
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value):
            return [Names(optional=False).check(name) for name in value]
        raise TypeError

    def bad_values(self) -> list[Any]:
        """Return empty and wrong values."""
        return ["", [], 3] + ([] if self.optional else [None])


@dataclass(frozen=True)
class Weights(Names):
    """Which weights of the layers, by name, as `regkit.core.select` understands them.

    Example:
        >>> Weights().check("kernel")
        'kernel'
    """

    optional: bool = False


@dataclass(frozen=True)
class Layers(Constraint):
    """Which layers, as `regkit.core.select` understands them.

    Example:
        >>> Layers().check(["hidden*", "out"])
        ['hidden*', 'out']
    """

    def describe(self) -> str:
        """Return the forms."""
        return "None, a layer name with wildcards, a layer, a layer class, a function, or a list"

    def check(self, value: object) -> Any:
        """Return the selector; what it matches is found out on the model."""
        if isinstance(value, list | tuple):
            if not value:
                raise ValueError
            return [self.check(choice) for choice in value]
        if isinstance(value, str) and not value:
            raise ValueError
        if value is None or isinstance(value, str) or callable(value):  # so are layers
            return value
        raise TypeError

    def bad_values(self) -> list[Any]:
        """Return empty and wrong values."""
        return ["", [], 3]


@dataclass(frozen=True)
class Name(Constraint):
    """A name, such as a metric's, or None where `optional`; `what` says in words of what.

    Example:
        >>> Name("the name of an encoding", optional=True).describe()
        'the name of an encoding or None'
    """

    what: str = "a name"
    optional: bool = False

    def describe(self) -> str:
        """Return the form."""
        return self.what + " or None" * self.optional

    def check(self, value: object) -> str | None:
        """Return the string, or None."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or not value:
            raise TypeError
        return value

    def bad_values(self) -> list[Any]:
        """Return empty and wrong values."""
        return ["", 3] + ([] if self.optional else [None])


@dataclass(frozen=True)
class FilePath(Constraint):
    """The path of a file or folder, or None where `optional`; `what` says in words of what.

    Example:
        >>> FilePath("the folder of the report").check("results").name
        'results'
    """

    what: str = "a path"
    optional: bool = False

    def describe(self) -> str:
        """Return what the path leads to."""
        return self.what + " or None" * self.optional

    def check(self, value: object) -> Path | None:
        """Return the path, or None."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str | os.PathLike):
            raise TypeError
        return Path(value)

    def bad_values(self) -> list[Any]:
        """Return what is no path."""
        return [3, True, ["a"]] + ([] if self.optional else [None])


@dataclass(frozen=True)
class Function(Constraint):
    """A function; `of` says in words of what.

    Example:
        >>> Function("the logs").describe()
        'a function of the logs'
    """

    of: str

    def describe(self) -> str:
        """Return what it is a function of."""
        return f"a function of {self.of}"

    def check(self, value: object) -> Any:
        """Return the function."""
        if not callable(value) or isinstance(value, type):
            raise TypeError
        return value

    def bad_values(self) -> list[Any]:
        """Return what cannot be called, and a class."""
        return ["", 3, None, int]
