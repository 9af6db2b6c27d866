"""A transform as an option: an object of Albumentations, or its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.core.options import Constraint
from regkit_albumentations.library import AnyTransform, is_transform
from regkit_albumentations.text import written

__all__ = ["Transform"]


@dataclass(frozen=True)
class Transform(Constraint):
    """A transform of Albumentations, in its text form where it has one.

    Thus configs, recipes and files hold it as text, and equal transforms compare equal. A
    transform without a text form (with a function, an array, a class of the user's) stays an
    object.

    Example:
        >>> Transform().check("HorizontalFlip(p=0.5)")
        'HorizontalFlip(p=0.5)'
    """

    def describe(self) -> str:
        """Return the forms."""
        return (
            "a transform or a Compose of Albumentations, or its text, as in 'HorizontalFlip(p=0.5)'"
        )

    def check(self, value: object) -> str | AnyTransform:
        """Return the text, or the object."""
        if isinstance(value, str):
            if not value.strip():
                raise ValueError
            return value.strip()
        if not is_transform(value):
            raise TypeError
        text = written(value)
        return value if text is None else text

    def bad_values(self) -> list[Any]:
        """Return empty and wrong values."""
        return ["", 3, None, ["HorizontalFlip()"]]

    def show(self, value: object) -> str:
        """Return the text, or the object on one line."""
        return " ".join(repr(value).split())
