"""The strengths that a recipe with alternatives stands for, from none to the strongest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regkit.core import options
from regkit.core.errors import RegkitError
from regkit.core.recipe import Alternatives, Recipe
from regkit.core.stages import Stage
from regkit.core.technique import Technique

__all__ = ["Source", "StrengthGrid", "acts_by_events", "strength_grid"]

Source = str | Alternatives | Recipe | Technique | Iterable[Technique]


@dataclass(frozen=True)
class StrengthGrid:
    """Recipes that differ in one strength.

    Attributes:
        option: The option that varies, as `"l2.strength"`.
        technique: The name of its technique, as `"l2"`.
        strengths: From 0, where the technique is left out, to the strongest.
        recipes: For each strength the recipe's exact text.
    """

    option: str
    technique: str
    strengths: tuple[float, ...]
    recipes: tuple[str, ...]


def strength_grid(source: Source, caller: str) -> StrengthGrid | None:
    """Return the strengths of a recipe in ascending order; None for a recipe without alternatives.

    The first is 0, whether the recipe names it or not: the recipe without the technique.

    Args:
        source: What `Alternatives` takes.
        caller: The function that asks, for messages.

    Raises:
        RegkitError: where several options vary, or what varies is no strength: a number with a
            neutral value of 0, of which more acts more strongly.

    Example:
        >>> grid = strength_grid("dropout(0.5) + l2(0.01|0.1)", "path")
        >>> grid.option, grid.strengths
        ('l2.strength', (0.0, 0.01, 0.1))
        >>> grid.recipes[:2]
        ('dropout(0.5)', 'dropout(0.5) + l2(0.01)')
    """
    alternatives = Alternatives(source)
    if len(alternatives) < 2:
        return None
    differences = alternatives.differences
    if len(differences[0]) > 1:
        names = " and ".join(differences[0])
        raise RegkitError(
            f"{caller} follows one strength, and {str(alternatives)!r} varies {names}; give "
            "alternatives of one of them, or compare recipes with regkit.compare"
        )
    (option,) = differences[0]
    place = _place(alternatives[0], option)
    _check_strength(alternatives, option, type(alternatives[0][place]), caller)
    texts = {float(d[option]): str(r) for d, r in zip(differences, alternatives, strict=True)}
    rest = [technique for other, technique in enumerate(alternatives[0]) if other != place]
    texts[0.0] = str(Recipe(rest))
    ordered = sorted(texts)
    name = option.partition(".")[0]
    return StrengthGrid(option, name, tuple(ordered), tuple(texts[value] for value in ordered))


def acts_by_events(recipe: str) -> bool:
    """Return whether a technique of a recipe watches training, as early stopping does.

    Example:
        >>> acts_by_events("l2"), acts_by_events("l2 + early_stopping")
        (False, True)
    """
    return any(Stage.WATCH in technique.stages() for technique in Recipe(recipe))


def _place(recipe: Recipe, option: str) -> int:
    """Return which technique of a recipe has an option such as `"l2_2.strength"`."""
    words: list[str] = []
    labels = []
    for technique in recipe:
        word = technique.word()
        words.append(word)
        labels.append(word if words.count(word) == 1 else f"{word}_{words.count(word)}")
    return labels.index(option.partition(".")[0])


def _check_strength(
    alternatives: Alternatives, option: str, cls: type[Technique], caller: str
) -> None:
    name = option.partition(".")[2]
    known = options.strengths(cls)
    values = [difference[option] for difference in alternatives.differences]
    plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if name not in known or options.constraints(cls)[name].neutral != 0 or not plain:
        has = ", ".join(f"{option.partition('.')[0]}.{n}" for n in known) or "none"
        raise RegkitError(
            f"{caller} follows a strength, numbers of which 0 does nothing and more acts more "
            f"strongly; {str(alternatives)!r} varies {option}, with the values {values[:4]}. "
            f"The strengths of {cls.__name__}: {has}. Compare other options with regkit.compare"
        )
