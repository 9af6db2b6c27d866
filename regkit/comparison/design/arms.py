"""The arms of a comparison: recipes in text, some with names of their own; the baseline first.

The text of an arm may have alternatives, `dropout(0.1|0.3)`. Such an arm is named and shown as any
other: by the text, a range written out, and by a name of its own where it has one. So may it be an
ensemble, `bagging(10) + dropout(0.3)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from regkit.comparison.design.ensemble_arms import arm_text
from regkit.core.errors import RegkitError
from regkit.core.recipe import Alternatives, Recipe
from regkit.core.technique import Technique
from regkit.data.dataset import Dataset
from regkit.techniques.catalogue import default_arms

__all__ = ["BASELINE", "Recipes", "default_recipes", "named"]

BASELINE = "baseline"

OneRecipe = str | Technique | Recipe | Alternatives | list[Technique]
Recipes = OneRecipe | Iterable[OneRecipe] | Mapping[str, OneRecipe]


def default_recipes(sets: Sequence[Dataset]) -> list[str]:
    """Return the default recipes that can act on all data sets: some need images, some classes.

    They are what techniques name as their `default_arms`: something of every chapter. Early
    stopping names none: every arm, the baseline too, is evaluated at its best epoch, which is what
    early stopping would choose.
    """
    met = {
        "images": all(data.image_shape is not None for data in sets),
        "classes": all(data.task == "classification" for data in sets),
    }
    return [text for text, needs in default_arms().items() if all(met[need] for need in needs)]


def named(recipes: Recipes) -> dict[str, str]:
    """Return name → recipe in text, the baseline first.

    Recipes are a list, each named by its text (or, in text, `"name = recipe"`), or a mapping from
    your own names. A text, a technique or a `Recipe` is one arm; in a list each item is an arm.
    The text is that of `Recipe` or `Alternatives`: its strengths are visible.

    Raises:
        RegkitError: for no recipe, an empty recipe, a name given twice, a recipe that cannot be
            read, a name that is itself the text of another recipe.

    Example:
        >>> named(["l2", "strong = l2(0.1)"])
        {'baseline': '', 'l2(1e-4)': 'l2(1e-4)', 'strong': 'l2(0.1)'}
        >>> named("l2(0.01..0.1)")
        {'baseline': '', 'l2(0.01|0.032|0.1)': 'l2(0.01|0.032|0.1)'}
    """
    if isinstance(recipes, str | Technique | Recipe | Alternatives):
        recipes = [recipes]
    if not isinstance(recipes, Iterable):
        raise RegkitError(
            "recipes must be a recipe, a list of them or a mapping from names to them, as "
            f"['l2', 'dropout(0.3) + l2']; received {recipes!r}"
        )
    pairs = recipes.items() if isinstance(recipes, Mapping) else map(_split, recipes)
    arms = {BASELINE: ""}
    for name, given in pairs:
        text = arm_text(given)
        if not text:
            raise RegkitError("an arm without techniques is the baseline, which is always there")
        name = text if name is None else _name(str(name).strip(), text)
        if not name:
            raise RegkitError(
                f"the arm of {text!r} has an empty name; write name = recipe, or the recipe alone"
            )
        if name in arms:
            raise RegkitError(f"the arm {name!r} is given twice")
        arms[name] = text
    if len(arms) == 1:
        raise RegkitError("no recipes to compare; name some, such as l2, dropout, label_smoothing")
    return arms


def _name(name: str, text: str) -> str:
    """Return an arm's name: its text, where the name says the same; refuse one that says another.

    A name such as `dropout`, copied from a table of results, must make the recipe it stood for.
    """
    try:
        meant = arm_text(name)
    except RegkitError:
        return name
    if meant not in ("", text):
        raise RegkitError(
            f"the arm called {name!r} is {text!r}, but that name is itself a recipe, {meant!r}; "
            "choose a name that is none, or leave it out"
        )
    return meant


def _split(given: OneRecipe) -> tuple[str | None, OneRecipe]:
    """Return (name, recipe) of `"name = recipe"`, or (None, what was given)."""
    if not isinstance(given, str):
        return None, given
    if given.strip() == BASELINE:
        return None, ""
    name, equals, recipe = given.partition("=")
    # An equals sign within parentheses is an option's.
    return (name, recipe.strip()) if equals and "(" not in name else (None, given)
