"""The result of `regkit.bias_variance`: an error and its parts, against strength or alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.statistics import decomposition
from regkit.comparison.statistics.decomposition import Quadratic, ZeroOne
from regkit.comparison.statistics.scores import probabilities
from regkit.comparison.strengths.shown_result import StrengthResult, as_numbers
from regkit.comparison.words.strength_words import (
    decimals,
    plain_table,
    spelled,
    strength_name,
)
from regkit.core.errors import RegkitError, suggest
from regkit.core.words import counted
from regkit.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ERRORS", "BiasVariance", "decomposed", "error_to_part", "finite_replicates"]

Floats = NDArray[np.float64]

# Task → error → what tables call it and its bias; the first where nothing is asked for.
ERRORS = {
    "classification": {
        "brier": ("Brier score", "bias²"),
        "zero_one": ("rate of errors", "bias"),
    },
    "regression": {"squared_error": ("mean squared error", "bias²")},
}
_WORDS = {name: words for errors in ERRORS.values() for name, words in errors.items()}


def error_to_part(asked: str | None, task: str) -> str:
    """Return the error of that name, or the task's first.

    Raises:
        RegkitError: for one that the task does not have.

    Example:
        >>> error_to_part(None, "regression")
        'squared_error'
    """
    possible = [*ERRORS[task]]
    if asked is not None and asked not in possible:
        raise RegkitError(
            f"measure={asked!r} cannot be: this is a {task}; here it is {', '.join(possible)}"
            f"{suggest(asked, possible)}"
        )
    return asked or possible[0]


def decomposed(measure: str, outputs: Array, y: Array) -> Quadratic | ZeroOne | None:
    """Return the parts of an error over replicates; None for fewer than two.

    Args:
        measure: A name of `ERRORS`.
        outputs: `(replicates, n, K)` probabilities or logits; or `(replicates, n, 1)` values.
        y: Classes, or values, `(n,)`.

    Example:
        >>> outputs = np.array([[[1.0], [4.0]], [[3.0], [4.0]]])
        >>> decomposed("squared_error", outputs, np.array([2, 5]))
        Quadratic(error=1.0, bias_squared=0.0, variance=1.0)
    """
    if len(outputs) < 2:
        return None
    if measure == "squared_error":
        return decomposition.of_squared_error(outputs[..., 0], y)
    p = np.stack([probabilities(rows) for rows in outputs])
    if measure == "brier":
        return decomposition.of_brier_score(p, y)
    return decomposition.of_zero_one_loss(p.argmax(axis=2), y)


@dataclass(frozen=True, eq=False, repr=False)
class BiasVariance(StrengthResult):
    """An error, its bias and its variance over bootstrap replicates, for one or more strengths.

    Printed, it is a table and a sentence.

    Attributes:
        option: The strength that varies, as `"l2.strength"`; None for a single recipe.
        strengths: Ascending, 0 where the technique is left out; empty for a single recipe.
        recipes: The texts of the recipes.
        measure: "squared_error", "brier" or "zero_one".
        parts: For each recipe the error and its parts; None where fewer than two replicates are
            left.
        diverged: Recipe → the replicates, from 0, in which its training went to NaN or infinity.
        settings: What makes the same numbers again: data, model, replicates, epochs, batch size,
            test size, seed.
        engine: How the members were trained, "vectorized" or "sequential".
        reason: Why in turn, in words; None for members trained together.
    """

    option: str | None
    strengths: tuple[float, ...]
    recipes: tuple[str, ...]
    measure: str
    parts: tuple[Quadratic | ZeroOne | None, ...]
    diverged: dict[str, list[int]]
    settings: dict[str, Any]
    engine: str
    reason: str | None

    def __post_init__(self) -> None:
        if not np.isfinite(self.error).any():
            raise RegkitError(
                "training went to NaN or infinity in all replicates but at most one; lower the "
                "learning rate, or look at the data"
            )

    @property
    def error(self) -> Floats:
        """The error of each recipe, the mean over replicates and test examples."""
        return self._values("error")

    @property
    def bias(self) -> Floats:
        """The bias² of each recipe, noise of the targets included; of a rate of errors the bias."""
        return self._values("bias" if self.measure == "zero_one" else "bias_squared")

    @property
    def variance(self) -> Floats:
        """The variance of each recipe; of a rate of errors the net variance."""
        return self._values("variance")

    @property
    def least(self) -> int:
        """The index of the recipe of the least error, among those that never diverged, if any."""
        error = self.error
        whole = [
            math.inf if r in self.diverged else e for r, e in zip(self.recipes, error, strict=True)
        ]
        return int(np.argmin(whole) if np.isfinite(whole).any() else np.nanargmin(error))

    def _values(self, name: str) -> Floats:
        return np.array([math.nan if p is None else getattr(p, name) for p in self.parts])

    # -- what it says --------------------------------------------------------------------------

    def __str__(self) -> str:
        return "\n".join([self._heading(), plain_table(self._rows()), self.sentence, *self.notes])

    @property
    def sentence(self) -> str:
        """Where the error is least, and what it is made of."""
        if self.option is None:
            return f"{self._word().capitalize()} {self._sum(0)}."
        least = self.least
        if not self.strengths[least]:
            return f"The {self._word()} is least {self._named(0)}, {self._sum(least)}."
        return (
            f"The {self._word()} is least with {self._named(least)}, {self._sum(least)}; "
            f"{self._named(0)} it is {self._sum(0)}."
        )

    @property
    def notes(self) -> list[str]:
        """What to be careful about: replicates that diverged."""
        notes = []
        for recipe, replicates in self.diverged.items():
            named = self._named(self.recipes.index(recipe))
            which = spelled([str(replicate) for replicate in replicates])
            noun = "replicate" if len(replicates) == 1 else "replicates"
            notes.append(
                f"Left out: {noun} {which} (counted from 0) of {named or 'the model'}, which "
                "diverged."
            )
        return notes

    def _word(self) -> str:
        return _WORDS[self.measure][0]

    def _heading(self) -> str:
        across = f" against {self.option}" if self.option else f" of {self._named(0)}"
        settings = self.settings
        return (
            f"{self._word()}{across}, over {settings['replicates']} bootstrap replicates, on "
            f"{counted(settings['n_test'], 'test example')} ({settings['data']}, "
            f"{settings['model']})"
        )

    def _rows(self) -> list[list[str]]:
        first = "strength" if self.option else "recipe"
        rows = [[first, "error", _WORDS[self.measure][1], "variance", ""]]
        for index, part in enumerate(self.parts):
            name = strength_name(self.strengths[index]) if self.option else self._named(index)
            mark = "least" if self.option and index == self.least else ""
            cells = ["diverged", "", ""] if part is None else self._cells(index)
            rows.append([name, *cells, mark])
        return rows

    def _cells(self, index: int) -> list[str]:
        digits = decimals(self.error[self.least])
        values = (self.error[index], self.bias[index], self.variance[index])
        return [f"{value:.{digits}f}" for value in values]

    def _sum(self, index: int) -> str:
        if self.parts[index] is None:
            return "not known, as training diverged"
        error, bias, variance = self._cells(index)
        return f"{error} = {_WORDS[self.measure][1]} {bias} + variance {variance}"

    def _named(self, index: int) -> str:
        recipe = self.recipes[index]
        if self.option is None or self.strengths[index]:
            return recipe or "the model without techniques"
        without = f"without {self.option.partition('.')[0]}"
        return f"with {recipe}, {without}," if recipe else without

    # -- what it draws and writes --------------------------------------------------------------

    def _draw(self, width: float) -> Figure:
        from regkit.comparison.figures import strength_curves
        from regkit.comparison.figures.look import BETTER, INK, WORSE

        bias, colours = _WORDS[self.measure][1], (INK, BETTER, WORSE)
        curves = {"error": self.error, bias: self.bias, "variance": self.variance}
        title = f"{self._heading()[0].upper()}{self._heading()[1:]}"
        if self.option is None:
            bars = {name: float(values[0]) for name, values in curves.items()}
            return strength_curves.part_bars(bars, colours, title, width)
        dashes = ("-", "--", "-.")
        lines = [
            strength_curves.Line(name, values, None, colour, dash)
            for (name, values), colour, dash in zip(curves.items(), colours, dashes, strict=True)
        ]
        return strength_curves.strength_figure(
            np.array(self.strengths),
            lines,
            marks={"least": self.strengths[self.least]},
            across=self.option,
            up=self._word(),
            title=title,
            width=width,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers, in the types that JSON has; None for what is not known."""
        of_classes = [_errors_of_classes(part) for part in self.parts]
        return {
            "option": self.option,
            "strengths": list(self.strengths),
            "recipes": list(self.recipes),
            "measure": self.measure,
            "error": as_numbers(self.error),
            "bias": as_numbers(self.bias),
            "variance": as_numbers(self.variance),
            **({"zero_one": of_classes} if self.measure == "zero_one" else {}),
            "least": self.least,
            "diverged": [{"recipe": r, "replicates": n} for r, n in self.diverged.items()],
            "settings": self.settings,
            "engine": self.engine,
            "reason": self.reason,
        }


def _errors_of_classes(part: Quadratic | ZeroOne | None) -> dict[str, float] | None:
    """Return the two parts of a net variance, where there are two."""
    if not isinstance(part, ZeroOne):
        return None
    return {"unbiased_variance": part.unbiased_variance, "biased_variance": part.biased_variance}


def finite_replicates(outputs: Array) -> Array:
    """Return which of the replicates' outputs are finite throughout, `(replicates,)`.

    Example:
        >>> finite_replicates(np.array([[[1.0]], [[np.nan]]])).tolist()
        [True, False]
    """
    return np.asarray(np.isfinite(outputs).all(axis=(1, 2)))
