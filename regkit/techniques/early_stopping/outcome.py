"""The outcome of a run, readable as attributes of `EarlyStopping` during and after `fit`."""

# Helper module: it has no technique.

from __future__ import annotations

from regkit.techniques.early_stopping.criteria import Course, Evaluation

__all__ = ["Outcome"]


class Outcome:
    """The evaluations of a run and where it was stopped, as attributes.

    Attributes:
        reason: Why training ended, in words; None before its end.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self._course: Course | None = None
        self._stopped: tuple[int, int] | None = None  # steps done, epoch

    @property
    def history(self) -> list[tuple[int, float]]:
        """The steps done at each evaluation, and the value of the first monitor there."""
        evaluations = [] if self._course is None else self._course.evaluations
        return [(evaluation.step, evaluation.values[0]) for evaluation in evaluations]

    @property
    def _best(self) -> Evaluation | None:
        return None if self._course is None else self._course.best

    @property
    def best_step(self) -> int | None:
        """The steps done at the best evaluation."""
        return None if self._best is None else self._best.step

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the best evaluation, from 0."""
        return None if self._best is None else self._best.epoch

    @property
    def best_value(self) -> float | None:
        """The first monitor at the best evaluation."""
        return None if self._best is None else self._best.values[0]

    @property
    def stopped_step(self) -> int | None:
        """The steps done when early stopping ended training, or None."""
        return None if self._stopped is None else self._stopped[0]

    @property
    def stopped_epoch(self) -> int | None:
        """The epoch in which early stopping ended training, from 0, or None."""
        return None if self._stopped is None else self._stopped[1]
