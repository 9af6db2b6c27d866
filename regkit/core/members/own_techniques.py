"""Techniques of a member's own, from the recipe that all members are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from regkit.core.errors import RegkitError
from regkit.core.method import Method
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique

__all__ = ["RecipeOfMembers", "techniques_of"]

_Source: TypeAlias = str | Technique | Sequence[Technique] | None
# A recipe for all; or a function of a member's number that returns its own.
RecipeOfMembers: TypeAlias = _Source | Callable[[int], _Source]


def techniques_of(recipe: RecipeOfMembers) -> Callable[[int], list[Method]]:
    """Return what gives a member techniques of its own: copies, which no other member has.

    Example:
        >>> techniques_of("l2(0.1)")(3)
        [L2(strength=0.1)]
        >>> techniques_of(lambda member: f"l2({member})")(3)
        [L2(strength=3.0)]
    """

    def techniques(number: int) -> list[Method]:
        if not callable(recipe) or isinstance(recipe, Technique):
            return copied(recipe)
        given = recipe(number)
        try:
            return copied(given)
        except RegkitError as error:
            raise type(error)(f"recipe({number}), for member {number}: {error}") from error

    def copied(given: _Source) -> list[Method]:
        own = Recipe("" if given is None else given)
        return [type(technique)(**technique.get_config()) for technique in own]

    return techniques
