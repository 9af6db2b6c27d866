"""The result of `regkit.path`: a measure against strength, and the strength to use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.statistics.measures import Measure
from regkit.comparison.statistics.strength_path import one_standard_error
from regkit.comparison.strengths.shown_result import StrengthResult, as_numbers
from regkit.comparison.strengths.strength_grid import StrengthGrid
from regkit.comparison.words.strength_words import (
    decimals,
    plain_table,
    spelled,
    strength_name,
)
from regkit.core.errors import RegkitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Curve", "RegularizationPath"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """A measure against strength, over repeats.

    Attributes:
        values: `(repeats, strengths)`; NaN where training diverged.
    """

    values: Floats

    @property
    def mean(self) -> Floats:
        """The mean over repeats, `(strengths,)`; NaN where any of them diverged."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def standard_error(self) -> Floats:
        """The standard error of the mean, `(strengths,)`; NaN for a single repeat."""
        n = len(self.values)
        if n < 2:
            return np.full(self.values.shape[1], np.nan)
        return np.asarray(self.values.std(axis=0, ddof=1) / math.sqrt(n))


@dataclass(frozen=True)
class _Choice:
    """The indices of the best and of the chosen strength; what is within one standard error."""

    best: int
    chosen: int
    limit: float


@dataclass(frozen=True, eq=False, repr=False)
class RegularizationPath(StrengthResult):
    """A measure against the strength of a technique, and the strength to use.

    Printed, it is a table and a sentence that says what to use.

    Attributes:
        grid: The strengths, from 0 where the technique is left out, and the recipes.
        measure: What is measured.
        validation: The measure on the validation parts.
        training: The measure on the training parts, without penalties and noise.
        settings: What makes the same numbers again: data, model, epochs, batch size, validation
            size, seed.
        engine: How the members were trained, "vectorized" or "sequential".
        reason: Why in turn, in words; None for members trained together.
    """

    grid: StrengthGrid
    measure: Measure
    validation: Curve
    training: Curve
    settings: dict[str, Any]
    engine: str
    reason: str | None

    def __post_init__(self) -> None:
        if not np.isfinite(self.validation.mean).any():
            raise RegkitError(
                f"training went to NaN or infinity at every strength of {self.grid.option}, and "
                f"without {self.grid.technique} too; lower the learning rate, or look at the data"
            )

    @property
    def strengths(self) -> Floats:
        """The strengths, ascending; 0 stands for leaving the technique out."""
        return np.array(self.grid.strengths)

    @property
    def best(self) -> float:
        """The strength with the best mean on the validation parts; of equal ones the strongest."""
        return self.grid.strengths[self._choice.best]

    @property
    def chosen(self) -> float:
        """The strength to use: the strongest within one standard error of the best."""
        return self.grid.strengths[self._choice.chosen]

    @property
    def recipe(self) -> str:
        """The exact text of the recipe to use; empty where that is none."""
        return self.grid.recipes[self._choice.chosen]

    @property
    def rule(self) -> str:
        """How it was chosen: "one standard error", or "best" where there is one repeat."""
        return "one standard error" if len(self.validation.values) > 1 else "best"

    @property
    def diverged(self) -> dict[float, list[int]]:
        """Strength → the repeats, from 0, in which its training went to NaN or infinity."""
        lost = ~np.isfinite(self.validation.values)
        return {
            strength: np.flatnonzero(column).tolist()
            for strength, column in zip(self.grid.strengths, lost.T, strict=True)
            if column.any()
        }

    @cached_property
    def _choice(self) -> _Choice:
        values, strengths = self.validation.values, self.grid.strengths
        if len(values) > 1:
            path = one_standard_error(values, strengths, self.measure.sign)
            return _Choice(path.best, path.chosen, path.limit)
        merit = np.where(np.isfinite(values[0]), self.measure.sign * values[0], -np.inf)
        best = int(np.flatnonzero(merit == merit.max()).max())  # strengths ascend
        return _Choice(best, best, math.nan)

    # -- what it says --------------------------------------------------------------------------

    def __str__(self) -> str:
        return "\n".join([self._heading(), plain_table(self._rows()), self.sentence, *self.notes])

    @property
    def sentence(self) -> str:
        """What to use, and why."""
        choice, name = self._choice, self.measure.name
        best = self._shown(self.validation, choice.best)
        use = f"Use {self._named(choice.chosen)}:"
        if self.rule == "best":
            return (
                f"{use} its validation {name} is best, {best}. One repeat has no standard error; "
                "give repeats=5 or more for the one-standard-error rule."
            )
        if choice.chosen == choice.best:
            return (
                f"{use} its validation {name} is best, {best}, and none that is stronger is "
                "within one standard error of it."
            )
        return (
            f"{use} the strongest whose validation {name}, {self._shown(self.validation)}, is "
            f"within one standard error of the best, {best} with {self._named(choice.best)}."
        )

    @property
    def notes(self) -> list[str]:
        """What to be careful about: strengths that diverged, a range that ends too early."""
        notes = []
        if self.chosen == self.grid.strengths[-1]:
            notes.append("It is the strongest that was tried; a larger one may do better.")
        for strength, repeats in self.diverged.items():
            named = self._named(self.grid.strengths.index(strength))
            which = spelled([str(repeat) for repeat in repeats])
            noun = "repeat" if len(repeats) == 1 else "repeats"
            notes.append(f"Left out: {named}, which diverged in {noun} {which} (counted from 0).")
        return notes

    def _heading(self) -> str:
        n = len(self.validation.values)
        over = f"mean ± standard error over {n} repeats" if n > 1 else "one repeat"
        return (
            f"{_with_percent(self.measure)} against {self.grid.option}, {over} "
            f"({self.settings['data']}, {self.settings['model']})"
        )

    def _rows(self) -> list[list[str]]:
        marks = {self._choice.best: "best"}
        if self.rule != "best":
            marks[self._choice.chosen] = "use"
            if self._choice.chosen == self._choice.best:
                marks[self._choice.chosen] = "best; use"
        rows = [["strength", "validation", "training", ""]]
        for index, strength in enumerate(self.grid.strengths):
            if strength in self.diverged:
                cells = ["diverged", ""]
            else:
                cells = [self._shown(c, index) for c in (self.validation, self.training)]
            rows.append([strength_name(strength), *cells, marks.get(index, "")])
        return rows

    def _shown(self, curve: Curve, index: int | None = None) -> str:
        index = self._choice.chosen if index is None else index
        digits = decimals(self.validation.mean[self._choice.best])
        mean, error = curve.mean[index], curve.standard_error[index]
        shown = f"{mean:.{digits}f}"
        return shown if math.isnan(error) else f"{shown} ± {error:.{digits}f}"

    def _named(self, index: int) -> str:
        recipe = self.grid.recipes[index]
        if self.grid.strengths[index]:
            return recipe
        without = f"without {self.grid.technique}"
        return f"{recipe} {without}" if recipe else f"no {self.grid.technique}"

    # -- what it draws and writes --------------------------------------------------------------

    def _draw(self, width: float) -> Figure:
        from regkit.comparison.figures import strength_curves
        from regkit.comparison.figures.look import BETTER, MUTED

        lines = [
            strength_curves.Line(name, curve.mean, curve.standard_error, colour, dash)
            for name, curve, colour, dash in (
                ("validation", self.validation, BETTER, "-"),
                ("training", self.training, MUTED, "--"),
            )
        ]
        many = len(self.validation.values) > 1
        marks = {"best": self.best, "to use": self.chosen} if many else {"best": self.best}
        return strength_curves.strength_figure(
            self.strengths,
            lines,
            marks=marks,
            limit=self._choice.limit,
            across=self.grid.option,
            up=_with_percent(self.measure),
            title=f"{self._heading()[0].upper()}{self._heading()[1:]}",
            width=width,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers, in the types that JSON has; None for what is not known."""
        return {
            "option": self.grid.option,
            "strengths": list(self.grid.strengths),
            "recipes": list(self.grid.recipes),
            "measure": self.measure.key,
            "unit": "%" if self.measure.unit == "points" else self.measure.unit,
            **{
                part: {
                    "values": as_numbers(curve.values),
                    "mean": as_numbers(curve.mean),
                    "standard_error": as_numbers(curve.standard_error),
                }
                for part, curve in (("validation", self.validation), ("training", self.training))
            },
            "best": self.best,
            "chosen": self.chosen,
            "recipe": self.recipe,
            "rule": self.rule,
            "limit": as_numbers(np.asarray(self._choice.limit)),
            "diverged": [
                {"strength": strength, "repeats": repeats}
                for strength, repeats in self.diverged.items()
            ],
            "settings": self.settings,
            "engine": self.engine,
            "reason": self.reason,
        }


def _with_percent(measure: Measure) -> str:
    return f"{measure.name} in %" if measure.unit == "points" else measure.name
