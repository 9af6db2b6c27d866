"""What fits the tasks of a study, in this process or another."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import keras

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits.alone import Alone, fit_alone
from regkit.comparison.fits.fitting import fit_arm, try_alternative
from regkit.comparison.fits.member_fits import MemberFits
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.fits.observer import Diverged
from regkit.comparison.fits.units import Unit
from regkit.comparison.record.results import Fit, Trial
from regkit.core.errors import RegkitError
from regkit.core.host.quiet import no_retracing_notes
from regkit.core.members.room import members_that_fit

__all__ = ["Done", "Failure", "Worker"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Failure:
    """Why a fit has no result."""

    reason: str
    diverged: bool = False


@dataclass(frozen=True)
class Done:
    """What came of a unit.

    Attributes:
        results: Each of its fits that was tried, with its record or why there is none.
        reason: Why fits that were to be members were made one after the other, or empty.
    """

    results: list[tuple[Task, Fit | Trial | Failure]]
    reason: str = ""


class Worker:
    """Fits the tasks of a study, one after another or as members of groups.

    Args:
        study: The study.

    Raises:
        RegkitError: where its data is too small for the sizes of its parts.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        first = study.parts(study.tasks()[0].repeat)
        self.models = ModelPool(study.build, first.x_train.shape[1:], study.data.n_classes)
        self.members = MemberFits(study, self.models)
        self._examples: object = None  # which ones `_parts` has
        self._parts = first

    def kinds(self) -> tuple[dict[tuple[str, str], Hashable], dict[str, str]]:
        """Return (arm, recipe) → kind of those whose fits can be members; arm → why of others."""
        kinds: dict[tuple[str, str], Hashable] = {}
        reasons: dict[str, str] = {}
        for arm, recipes in self.study.recipes.items():
            for recipe in recipes:
                try:
                    kind, reason = self.members.kind(recipe)
                except Exception as error:  # of any kind: a function of the user's builds the model
                    kind, reason = None, _reason(error)
                if kind is None:
                    reasons.setdefault(arm, reason)
                else:
                    kinds[arm, recipe] = kind
        return kinds, reasons

    def most_members(self, jobs: int) -> int:
        """Return how many members find room in memory, in each of so many processes."""
        size = self.members.bytes_of_member(self._parts, self.study.settings["batch_size"])
        return members_that_fit(size, jobs)

    def unit(self, unit: Unit) -> Done:
        """Return what comes of a unit; where a group fails as such, its fits by themselves."""
        if unit.size is None:
            return Done([(task, self.fit(task)) for task in unit.tasks])
        try:
            with no_retracing_notes():
                fits = self.members.fit(unit)
        except Exception as error:  # what cannot be stacked may fail in any way
            self.members.forget()
            return Done(self._one_by_one(unit.tasks), _reason(error))
        return Done([(task, _kept(task, result)) for task, result in fits])

    def fit(self, task: Task) -> Fit | Trial | Failure:
        """Return the fit, or why there is none; an arm may fail in any way."""
        try:
            return self._call(try_alternative, task) if task.trial else self._call(fit_arm, task)
        except Exception as error:  # the other arms go on
            self.models.drop(task.arm)
            return _without_result(task, error)

    def alone(self, task: Task) -> Alone | None:
        """Return what a fit of an arm costs by itself; None where it fails."""
        try:
            return self._call(fit_alone, task)
        except Exception:  # what it is will be seen when the arm is fitted
            self.models.drop(task.arm)
            return None

    def baseline_model(self) -> keras.Model:
        """Return the baseline's model.

        Raises:
            RegkitError: where it does not fit the labels.
        """
        first = self.study.tasks()[0].repeat
        return self.models.model(BASELINE, first.init_seed, first.seed)

    def _one_by_one(self, tasks: Sequence[Task]) -> list[tuple[Task, Fit | Trial | Failure]]:
        """Return the fits by themselves, of no arm after one that has failed."""
        results: list[tuple[Task, Fit | Trial | Failure]] = []
        for task in tasks:
            failed = {other.arm for other, result in results if isinstance(result, Failure)}
            if task.arm not in failed:
                results.append((task, self.fit(task)))
        return results

    def _call(self, fit: Callable[..., Result], task: Task) -> Result:
        """Return what a fit of a task gives, on the examples of its repeat."""
        if task.repeat.examples != self._examples:
            self._examples, self._parts = task.repeat.examples, self.study.parts(task.repeat)
        with no_retracing_notes():
            return fit(self.models, task, self._parts, self.study.settings)


def _kept(task: Task, result: Fit | Trial | Diverged) -> Fit | Trial | Failure:
    return _without_result(task, result) if isinstance(result, Diverged) else result


def _reason(error: Exception) -> str:
    return f"together they failed with {type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def _without_result(task: Task, error: Exception) -> Trial | Failure:
    """Return what a fit came to that has no result: a trial that diverged says so."""
    kind = "" if isinstance(error, RegkitError) else f"{type(error).__name__}: "
    split, diverged = task.repeat.split, isinstance(error, Diverged)
    reason = f"{kind}{_first_line(error)} (split {split + 1})"
    if task.trial and diverged:
        return Trial(task.arm, task.recipe, split, task.repeat.seed, 0, {}, diverged=reason)
    return Failure(reason, diverged)
