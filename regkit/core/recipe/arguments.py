"""The arguments of a technique or schedule as a recipe's text gives them, alternatives included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regkit.core import options

__all__ = ["Argument", "by_name", "by_position", "in_order_of_signature", "place_of_difference"]


@dataclass(frozen=True)
class Argument:
    """An argument of a technique or schedule.

    Attributes:
        name: Its name, or None where it is given by position.
        values: Its alternatives, most often one, each with its place in the text.
    """

    name: str | None
    values: list[tuple[Any, int]]


def by_position(arguments: Sequence[Argument]) -> list[Any]:
    """Return the first value of each argument that has no name."""
    return [argument.values[0][0] for argument in arguments if argument.name is None]


def by_name(arguments: Sequence[Argument]) -> dict[str, Any]:
    """Return the first value of each argument that has a name."""
    return {argument.name: argument.values[0][0] for argument in arguments if argument.name}


def in_order_of_signature(arguments: Sequence[Argument], cls: type) -> list[Argument]:
    """Return the arguments as the signature has them; unknown ones, which it refuses, last."""
    names = list(options.defaults(cls))
    places = {name: place for place, name in enumerate(names)}
    given = enumerate(arguments)  # those by position come first, in the signature's order
    order = [
        (index if a.name is None else places.get(a.name, math.inf), index) for index, a in given
    ]
    return [arguments[index] for _, index in sorted(order)]


def place_of_difference(
    arguments: Sequence[Argument], chosen: tuple[tuple[Any, int], ...], place: int
) -> int:
    """Return the place of the alternative that distinguishes a choice from those before it.

    Alternatives are tried in order, so where a choice fails and those before it did not, that is
    the reason; of the first choice nothing is known, where several options have alternatives.
    """
    several = [
        (argument.values[0][1], own)
        for argument, (_, own) in zip(arguments, chosen, strict=True)
        if len(argument.values) > 1
    ]
    changed = [own for first, own in several if own != first]
    if changed:
        return changed[-1]
    return several[0][1] if len(several) == 1 else place
