"""An ordered set of techniques, from text or objects; a callback as each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from regkit.core.errors import RecipeError
from regkit.core.plan import Plan
from regkit.core.recipe.grouped import Grouped
from regkit.core.recipe.parser import read
from regkit.core.recipe.writer import text_of
from regkit.core.technique import Technique

__all__ = ["Recipe", "explain"]


class Recipe(Grouped, Sequence[Technique]):
    """An ordered set of techniques, from text or objects; a callback as each of them is.

    Args:
        source: A text such as `"l2(1e-4) + label_smoothing(epsilon=0.1)"`, a technique, or several.

    Raises:
        RecipeError: where the text does not parse or names nothing known, with a caret; or for what
            is neither text nor techniques.
        ConflictError: where two techniques contradict each other.

    Example, as in `model.fit(x, y, callbacks=[Recipe("l2(0.001) + label_smoothing")])`:

        >>> str(Recipe("l2(0.001)+ label_smoothing"))
        'l2(1e-3) + label_smoothing(0.1)'
    """

    def __init__(self, source: str | Technique | Iterable[Technique] = "") -> None:
        super().__init__()
        self._techniques = tuple(_techniques(source))
        Plan(self._techniques)  # contradictions are refused here, not in the middle of a study

    @overload
    def __getitem__(self, index: int) -> Technique: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Technique]: ...
    def __getitem__(self, index: int | slice) -> Technique | Sequence[Technique]:
        return self._techniques[index]

    def __len__(self) -> int:
        return len(self._techniques)

    def __iter__(self) -> Iterator[Technique]:
        return iter(self._techniques)

    def __add__(self, other: str | Technique | Iterable[Technique]) -> Recipe:
        return Recipe([*self, *_techniques(other)])

    def __str__(self) -> str:
        return " + ".join(text_of(technique) for technique in self)

    def __repr__(self) -> str:
        return f"Recipe([{', '.join(repr(technique) for technique in self)}])"

    def explain(self) -> str:
        """Return the training step as it will run with these techniques."""
        return Plan(self).explain()


class _Printed(str):
    """A text that has been printed: where Python shows what a call returns, it is not shown again.

    Example:
        >>> _Printed("once")
        <BLANKLINE>
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return ""


def explain(recipe: str | Technique | Iterable[Technique]) -> str:
    """Print the training step as it will run with a recipe, and return the text.

    Args:
        recipe: What `Recipe` takes: a text, a technique, or several.

    Raises:
        RecipeError: as `Recipe`.
        ConflictError: likewise.

    Example:
        >>> from regkit import L2
        >>> text = explain(L2(0.001))
        (loss)    the model's own loss
        PENALTY   add to the loss                        sum         l2: L2(strength=0.001)
        (apply)   the model's own optimizer
    """
    text = Recipe(recipe).explain()
    print(text)
    return _Printed(text)


def _techniques(source: object) -> list[Technique]:
    """Return the techniques that a text, an object or several objects mean."""
    if isinstance(source, str):
        return read(source) if source.strip() else []
    if isinstance(source, Technique):
        return [source]
    if not isinstance(source, Iterable):
        raise RecipeError(
            "a recipe is a text such as 'l2(1e-4) + dropout(0.5)', a technique, or a list of "
            f"techniques; received {_named(source)}"
        )
    techniques = list(source)
    for technique in techniques:
        if isinstance(technique, Recipe):
            raise RecipeError(
                f"a recipe holds techniques; received recipes, the first {str(technique)!r}. Of "
                "alternatives take one, as in alternatives[0]; others are joined by +"
            )
        if not isinstance(technique, Technique):
            raise RecipeError(
                f"a recipe holds techniques; received {_named(technique)}. Other Keras callbacks "
                "go beside it: callbacks=[recipe, other]"
            )
    return techniques


def _named(wrong: object) -> str:
    if isinstance(wrong, type) and issubclass(wrong, Technique):
        return f"the class {wrong.__name__}; call it, as in {wrong.__name__}()"
    return f"{wrong!r}"
