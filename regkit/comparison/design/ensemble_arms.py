"""Arms that are ensembles: `bagging(10)`, `deep_ensemble(5) + dropout(0.3)`.

An ensemble is a term of an arm's text as techniques are; what stands beside it, each member has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from regkit.core.errors import RecipeError
from regkit.core.recipe import Alternatives, Recipe
from regkit.core.technique import Technique

__all__ = ["Ensemble", "arm_text", "split_ensemble", "with_ensemble"]

KINDS = ("bagging", "deep_ensemble")
_MEMBERS = 10  # where none are named
_TERM = re.compile(rf"\s*(?P<kind>{'|'.join(KINDS)})\b\s*(?P<options>.*?)\s*", re.DOTALL)
_COUNT = re.compile(r"\(\s*(?:n_estimators\s*=\s*)?(?P<count>\d+)?\s*\)|")


@dataclass(frozen=True)
class Ensemble:
    """Several fits of an arm, which predict together.

    Attributes:
        kind: "bagging", on bootstrap samples; "deep_ensemble", by initial weights and order alone.
        members: How many.
    """

    kind: str
    members: int

    def __str__(self) -> str:
        return f"{self.kind}({self.members})"


def split_ensemble(text: str) -> tuple[Ensemble | None, str]:
    """Return the ensemble of an arm's text, or None, and the recipe of its members.

    Raises:
        RecipeError: for options that it does not have, none or one member, or two ensembles.

    Example:
        >>> split_ensemble("deep_ensemble(5) + dropout(0.3)")
        (Ensemble(kind='deep_ensemble', members=5), 'dropout(0.3)')
        >>> split_ensemble("l2(1e-4)")
        (None, 'l2(1e-4)')
    """
    found: list[Ensemble] = []
    others: list[str] = []
    for term in _terms(text):
        match = _TERM.fullmatch(term)
        found.append(_ensemble(match)) if match else others.append(term)
    if not found:
        return None, text
    if len(found) > 1:
        raise RecipeError(f"{text!r} has two ensembles, {found[0]} and {found[1]}; give one")
    return found[0], "+".join(others).strip()


def _ensemble(match: re.Match[str]) -> Ensemble:
    kind, options = match["kind"], match["options"]
    count = _COUNT.fullmatch(options)
    members = int(count["count"] or _MEMBERS) if count else 0
    if members < 2:
        raise RecipeError(
            f"{kind}{options}: an ensemble has a whole number of members of at least 2, as in "
            f"{kind}({_MEMBERS})"
        )
    return Ensemble(kind, members)


def with_ensemble(ensemble: Ensemble | None, recipe: str) -> str:
    """Return an arm's text.

    Example:
        >>> with_ensemble(Ensemble("bagging", 3), "l2(0.1)"), with_ensemble(None, "l2(0.1)")
        ('bagging(3) + l2(0.1)', 'l2(0.1)')
    """
    parts = [*([str(ensemble)] if ensemble else []), *([recipe] if recipe else [])]
    return " + ".join(parts)


def arm_text(given: str | Technique | Recipe | Alternatives | list[Technique]) -> str:
    """Return what an arm is as text, in which its strengths are visible; ranges are written out.

    Example:
        >>> arm_text("dropout + bagging")
        'bagging(10) + dropout(0.5)'
    """
    if not isinstance(given, str):
        return str(Alternatives(given))
    ensemble, recipe = split_ensemble(given)
    return with_ensemble(ensemble, str(Alternatives(recipe)))


def _terms(text: str) -> list[str]:
    """Return the terms of a recipe: what stands between plus signs outside of parentheses."""
    terms, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "()[]{}":
            depth += 1 if sign in "([{" else -1
        elif sign == "+" and depth == 0 and not _is_of_a_number(terms[-1]):
            terms.append("")
            continue
        terms[-1] += sign
    return terms


def _is_of_a_number(before: str) -> bool:
    """Return whether a plus sign after this text is that of an exponent, as in 1e+2."""
    return re.search(r"\d[eE]$", before) is not None
