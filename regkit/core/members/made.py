"""Members before training: each with an initial state, a seed and techniques of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.host.by_value import ByValue
from regkit.core.members.alike import require_alike, require_same_shapes
from regkit.core.method import Method
from regkit.core.model_building import ModelBuilder
from regkit.core.seam import generators
from regkit.core.seam.pure_step import State, create_variables, create_weights, read_state
from regkit.types import Nest

__all__ = ["Blueprint", "Made", "ambient_of", "make", "seeds_of"]


@dataclass(frozen=True)
class Made:
    """A member before training.

    Attributes:
        seed: From which its weights, its order and its draws follow.
        ambient: The seed of techniques that have none of their own.
        state: The values of all variables of its model.
        techniques: Its own.
    """

    seed: int
    ambient: int
    state: State
    techniques: list[Method]


def seeds_of(seeds: object, n_members: int) -> list[int]:
    """Return a seed for each member.

    Args:
        seeds: One for each; or one from which they follow; None draws that one from Python's
            generator, which `keras.utils.set_random_seed` sets.
        n_members: How many.

    Raises:
        RegkitError: for seeds that are no whole numbers from 0 to 2³² − 1, or of another number.

    Example:
        >>> seeds_of([3, 4], 2), len(set(seeds_of(0, 5)))
        ([3, 4], 5)
    """
    if seeds is None:
        seeds = random.randint(1, 10**9)
    if _is_seed(seeds):
        numbers = np.random.SeedSequence(int(seeds)).generate_state(n_members)  # type: ignore[call-overload]
        return [int(number) for number in numbers >> 1]
    given = list(seeds) if isinstance(seeds, Sequence | np.ndarray) else None
    if given is None or not all(map(_is_seed, given)):
        raise RegkitError(
            "seeds must be a whole number from 0 to 2**32 - 1, or one for each member; received "
            f"{seeds!r}"
        )
    if len(given) != n_members:
        raise RegkitError(
            f"seeds must be a number, or one for each of {n_members} members; received {len(given)}"
        )
    return [int(seed) for seed in given]


def _is_seed(value: object) -> bool:
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return is_number and 0 <= int(value) < 2**32  # type: ignore[call-overload]


@dataclass(frozen=True)
class Blueprint:
    """What a member's model is built from.

    Attributes:
        builder: Calls the user's function.
        input_shape: The shape of an example.
        n_classes: The number of classes, or None.
        batch: A few inputs, targets and perhaps weights, by which variables are created.
    """

    builder: ModelBuilder
    input_shape: Any
    n_classes: int | None
    batch: tuple[Nest, ...]

    def __getstate__(self) -> dict[str, Any]:
        few = keras.tree.map_structure(lambda array: array[:1], self.batch)
        return vars(self) | {"batch": few, "builder": ByValue(self.builder)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, builder=state["builder"].value)

    def model(self, number: int, seed: int) -> keras.Model:
        """Return a member's model, with all its variables, in its initial state."""
        with generators.kept(), generators.drawn_from(seed):
            model = self._built(number, seed)
            create_variables(model, self.batch)
        return model

    def another_model(self, number: int, seed: int) -> keras.Model:
        """Return a member's model beside a first one; its metrics may have no variables."""
        with generators.kept(), generators.drawn_from(seed):
            model = self._built(number, seed)
            create_weights(model, self.batch)
        return model

    def bare_model(self, number: int, seed: int) -> keras.Model:
        """Return a member's model as `build_model` gives it."""
        with generators.kept(), generators.drawn_from(seed):
            return self._built(number, seed)

    def _built(self, number: int, seed: int) -> keras.Model:
        generators.seed_all(seed)
        return self.builder(self.input_shape, self.n_classes, number)


def make(
    blueprint: Blueprint,
    numbers: Sequence[int],
    seeds: Sequence[int],
    techniques: Callable[[int], list[Method]],
) -> tuple[keras.Model, list[Made]]:
    """Return the first member's model, and all members.

    Where `build_model` is not told of the member, members of one seed begin alike, and their state
    is made once.

    Args:
        blueprint: What models are built from.
        numbers: The members' numbers.
        seeds: Their seeds.
        techniques: Returns techniques of a member's own, by its number.

    Raises:
        RegkitError: where the models differ in more than values.
    """
    template: keras.Model | None = None
    members: list[Made] = []
    known: dict[tuple[int, int | None], State] = {}
    for number, seed in zip(numbers, seeds, strict=True):
        key = (seed, number if "member" in blueprint.builder.by_name else None)
        if key not in known:
            if template is None:
                template = blueprint.model(number, seed)
                known[key] = read_state(template)
            else:
                model = blueprint.another_model(number, seed)
                known[key] = read_state(model) | {"metrics": members[0].state["metrics"]}
                require_same_shapes(members[0].state, known[key], number)
                require_alike(template, model, number)
        members.append(Made(seed, ambient_of(seed), known[key], techniques(number)))
    assert template is not None
    return template, members


def ambient_of(seed: int) -> int:
    """Return what `fit` would take for techniques without a seed, right after this seed is set."""
    return random.Random(seed).randint(1, 10**9)
