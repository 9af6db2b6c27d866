"""Several recipes in one text, `dropout(0.1|0.3|0.5)`, among which a choice is to be made."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, overload

import keras

from regkit.core import options
from regkit.core.errors import RecipeError
from regkit.core.recipe.parser import read_alternatives
from regkit.core.recipe.recipe import Recipe
from regkit.core.recipe.writer import text_of
from regkit.core.technique import Technique

__all__ = ["Alternatives"]


# Keras looks at the attributes of what is among the callbacks before it calls any of them: only a
# callback comes so far that it can refuse to be one in words.
class Alternatives(keras.callbacks.Callback, Sequence[Recipe]):  # type: ignore[misc]  # untyped
    """The recipes that a text with alternatives stands for, in a fixed order.

    An option has several values, separated by `|`: `dropout(0.1|0.3)`, `dropout(rate=0.1|0.3)`,
    `label_smoothing(0.1, spread='others'|'all')`. A range, `l2(1e-5..1e-2)`, stands for values on a
    logarithmic scale, at least one for each half decade; it may be one of several, as in
    `l2(0|1e-5..1e-2)`. Alternatives of several options give every combination, at most 100. The
    last option varies fastest.

    Printed, they are the text that makes exactly them again, a range written out; each recipe has
    its own text.

    Args:
        source: The text; or what `Recipe` takes, which is one recipe.

    Raises:
        RecipeError: as `Recipe`; also for a range that is empty or not above 0, an alternative
            given twice, and for too many of them.
        ConflictError: as `Recipe`.

    Example:
        >>> alternatives = Alternatives("l2(1e-4..1e-3) + dropout")
        >>> print(alternatives)
        l2(1e-4|3.2e-4|1e-3) + dropout(0.5)
        >>> len(alternatives), str(alternatives[1])
        (3, 'l2(3.2e-4) + dropout(0.5)')
        >>> alternatives.differences[1]
        {'l2.strength': 0.00032}
    """

    def __init__(
        self, source: str | Alternatives | Recipe | Technique | Iterable[Technique]
    ) -> None:
        super().__init__()
        if not isinstance(source, str | Alternatives):
            source = Recipe(source)
        text = str(source)
        self._places = read_alternatives(text) if text.strip() else []
        combinations = list(itertools.product(*self._places))
        # Made from text, so that no technique is in two of the recipes.
        self._recipes = tuple(Recipe(" + ".join(map(text_of, each))) for each in combinations)
        self._differences = tuple(map(self._difference, combinations))

    @overload
    def __getitem__(self, index: int) -> Recipe: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Recipe]: ...
    def __getitem__(self, index: int | slice) -> Recipe | Sequence[Recipe]:
        return self._recipes[index]

    def __len__(self) -> int:
        return len(self._recipes)

    def __str__(self) -> str:
        return " + ".join(text_of(*place) for place in self._places)

    def __repr__(self) -> str:
        return f"Alternatives({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Alternatives) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    @property
    def differences(self) -> tuple[dict[str, Any], ...]:
        """For each recipe, the options that have alternatives and their values in it.

        The name of an option is `"l2.strength"`; of a second L2 in the recipe, `"l2_2.strength"`.
        """
        return self._differences

    def set_model(self, model: keras.Model) -> NoReturn:
        """Refuse to act in a fit, which has one recipe."""
        raise RecipeError(
            f"{self!r} is no callback: it stands for {len(self)} recipes. Take one, as in "
            "callbacks=[alternatives[0]]"
        )

    def _difference(self, combination: Sequence[Technique]) -> dict[str, Any]:
        """Return option → value in a combination, of the options that have alternatives."""
        found: dict[str, Any] = {}
        words: list[str] = []
        for technique, place in zip(combination, self._places, strict=True):
            word = technique.word()
            words.append(word)
            label = word if words.count(word) == 1 else f"{word}_{words.count(word)}"
            for name in options.defaults(type(technique)):
                value = getattr(technique, name)
                if any(getattr(other, name) != value for other in place):
                    found[f"{label}.{name}"] = value
        return found
