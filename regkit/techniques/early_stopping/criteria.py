"""When to stop: the criteria as pure functions of the course of a training run.

A course is the list of the evaluations so far. Nothing here depends on Keras: the same numbers give
the same decision, so a course replayed after a resumed run, or in a test, decides as before.
"""

# Helper module: it has no technique.

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regkit.core.errors import OptionError

__all__ = [
    "CRITERIA",
    "RATIOS",
    "Course",
    "Criterion",
    "Evaluation",
    "generalization_loss",
    "improves",
    "training_progress",
]


@dataclass(frozen=True)
class Evaluation:
    """The result of one evaluation.

    Attributes:
        step: How many training steps had been done.
        epoch: The epoch of the evaluation, from 0.
        values: The monitored values; the first decides, the others break ties.
        train_loss: The training loss since the evaluation before, or None where it is not known.
    """

    step: int
    epoch: int
    values: tuple[float, ...]
    train_loss: float | None = None


def improves(
    values: Sequence[float], best: Sequence[float], modes: Sequence[str], min_delta: float = 0.0
) -> bool:
    """Return whether the first value that differs from the best one is better than it.

    The first of all must be better by more than `min_delta`. A NaN is never better, and any number
    is better than a NaN.

    Example:
        >>> improves([0.9, 0.3], [0.9, 0.4], ["max", "min"])
        True
    """
    for place, (value, before, mode) in enumerate(zip(values, best, modes, strict=True)):
        if math.isnan(value) or math.isnan(before):
            if math.isnan(value) and math.isnan(before):
                continue
            return math.isnan(before)
        if value != before:
            margin = min_delta if place == 0 else 0.0
            return value - margin > before if mode == "max" else value + margin < before
    return False


def generalization_loss(error: float, lowest: float) -> float:
    """Return GL = 100·(E_va/E_opt − 1), the rise of the error above its lowest value, in percent.

    Example:
        >>> generalization_loss(0.75, 0.5)
        50.0
    """
    if math.isnan(error) or error == lowest:
        return math.inf if math.isnan(error) else 0.0
    return math.inf if lowest == 0 else 100.0 * (error / lowest - 1.0)


def training_progress(strip: Sequence[float]) -> float:
    """Return P_k = 1000·(mean(E_tr)/min(E_tr) − 1) over a strip of training errors, in per mille.

    Example:
        >>> training_progress([0.75, 0.5, 0.25])
        1000.0
    """
    lowest = min(strip)
    mean = math.fsum(strip) / len(strip)
    if mean == lowest:
        return 0.0
    return math.inf if lowest == 0 else 1000.0 * (mean / lowest - 1.0)


@dataclass
class Course:
    """The evaluations of a run so far, and what the criteria need of them.

    Args:
        names: The names of the monitors, for messages.
        modes: "min" or "max" for each.
        min_delta: The smallest change of the first that counts.

    Attributes:
        evaluations: All of them, in order.
        best: The one with the best values, or None while all were NaN.
        waited: The number of evaluations after the best.
        risen: The number of evaluations in a row, up to the last, each worse than the previous.
        lowest: The lowest first value.
    """

    names: tuple[str, ...]
    modes: tuple[str, ...]
    min_delta: float = 0.0
    evaluations: list[Evaluation] = field(default_factory=list)
    best: Evaluation | None = None
    waited: int = 0
    risen: int = 0
    lowest: float = math.inf

    def add(self, evaluation: Evaluation) -> bool:
        """Add an evaluation, and return whether it is the best so far."""
        values = evaluation.values
        if self.evaluations:
            worse = self._worse(values[0], self.evaluations[-1].values[0])
            self.risen = self.risen + 1 if worse else 0
        self.evaluations.append(evaluation)
        if not math.isnan(values[0]):
            self.lowest = min(self.lowest, values[0])
        best = (math.nan,) * len(values) if self.best is None else self.best.values
        if improves(values, best, self.modes, self.min_delta):
            self.best, self.waited = evaluation, 0
            return True
        self.waited += 1
        return False

    def copy(self) -> Course:
        """Return one to add evaluations to, while this one stays as it is."""
        return replace(self, evaluations=list(self.evaluations))

    def as_lists(self) -> list[list[Any]]:
        """Return the evaluations as numbers, to save; `replayed` makes the course from them."""
        return [[e.step, e.epoch, e.values, e.train_loss] for e in self.evaluations]

    @classmethod
    def replayed(
        cls,
        names: tuple[str, ...],
        modes: tuple[str, ...],
        min_delta: float,
        lists: Sequence[Sequence[Any]],
    ) -> Course:
        """Return the course whose `as_lists` returned these lists."""
        course = cls(names, modes, min_delta)
        for step, epoch, values, train_loss in lists:
            course.add(Evaluation(step, epoch, tuple(values), train_loss))
        return course

    def _worse(self, value: float, before: float) -> bool:
        if math.isnan(value):
            return True
        return improves([before], [value], self.modes[:1], self.min_delta)


@dataclass(frozen=True)
class Criterion:
    """A stopping rule with its parameters.

    Args:
        name: One of `CRITERIA`.
        patience: The number of evaluations that "patience" waits and "up" counts; 0 means 1.
        alpha: The threshold of "gl", in percent, and of "pq".
        strip: The length of a strip of "pq", in evaluations.

    Example:
        >>> course = Course(("val_loss",), ("min",))
        >>> for step, error in enumerate([0.5, 0.4, 0.41, 0.42]):
        ...     _ = course.add(Evaluation(step, step, (error,)))
        >>> Criterion("up", patience=2).reason(course)
        'val_loss rose in 2 successive evaluations'
    """

    name: str = "patience"
    patience: int = 10
    alpha: float = 2.0
    strip: int = 5

    def reason(self, course: Course) -> str | None:
        """Return why to stop after the last evaluation of a course, or None to go on.

        Raises:
            OptionError: where "gl" or "pq" meet a negative error, or "pq" no training loss.
        """
        return CRITERIA[self.name](self, course)


def _patience(criterion: Criterion, course: Course) -> str | None:
    if course.waited < max(1, criterion.patience):
        return None
    margin = f" by more than {course.min_delta:g}" if course.min_delta else ""
    return f"{course.names[0]} did not improve{margin} in {_evaluations(course.waited)}"


def _up(criterion: Criterion, course: Course) -> str | None:
    if course.risen < max(1, criterion.patience):
        return None
    verb = "rose" if course.modes[0] == "min" else "fell"
    successive = "successive " if course.risen > 1 else ""
    return f"{course.names[0]} {verb} in {_evaluations(course.risen, successive)}"


def _gl(criterion: Criterion, course: Course) -> str | None:
    loss = _current_loss(course)
    if loss <= criterion.alpha:
        return None
    return (
        f"{course.names[0]} is {loss:.3g} % above its lowest value, more than "
        f"alpha={criterion.alpha:g}"
    )


def _pq(criterion: Criterion, course: Course) -> str | None:
    loss = _current_loss(course)
    if len(course.evaluations) % criterion.strip:
        return None
    strip = [e.train_loss for e in course.evaluations[-criterion.strip :]]
    losses = [loss for loss in strip if loss is not None]
    if len(losses) < len(strip):
        raise OptionError(
            'EarlyStopping: criterion="pq" compares with the training error, which it reads as '
            "'loss' from the logs of fit; these have no 'loss'. Use criterion=\"gl\""
        )
    if min(losses) < 0:
        raise _negative("loss", min(losses))
    progress = training_progress(losses)
    quotient = (math.inf if loss > 0 else 0.0) if progress == 0 else loss / progress
    if quotient <= criterion.alpha:
        return None
    return (
        f"{course.names[0]} is {loss:.3g} % above its lowest value while training progressed by "
        f"{progress:.3g} ‰, a quotient of {quotient:.3g}, more than alpha={criterion.alpha:g}"
    )


CRITERIA: dict[str, Callable[[Criterion, Course], str | None]] = {
    "patience": _patience,
    "up": _up,
    "gl": _gl,
    "pq": _pq,
}
RATIOS = ("gl", "pq")  # criteria that divide by an error, which must be minimized


def _current_loss(course: Course) -> float:
    if course.lowest < 0:
        raise _negative(course.names[0], course.lowest)
    return generalization_loss(course.evaluations[-1].values[0], course.lowest)


def _negative(name: str, value: float) -> OptionError:
    return OptionError(
        f'EarlyStopping: criterion="gl" and "pq" take ratios of errors, which cannot be negative; '
        f'{name} is {value:g}. Use criterion="patience" or "up", or monitor an error'
    )


def _evaluations(count: int, word: str = "") -> str:
    return f"{count} {word}evaluation{'' if count == 1 else 's'}"
