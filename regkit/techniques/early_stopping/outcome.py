"""The outcome of a run, readable as attributes of `EarlyStopping` during and after `fit`."""

# Helper module: it has no technique.

from __future__ import annotations

from dataclasses import dataclass

from regkit.techniques.early_stopping.criteria import Course, Evaluation

__all__ = ["Outcome", "Watched"]


@dataclass(frozen=True)
class Watched:
    """What `EarlyStopping` remembers of a run.

    Attributes:
        course: The evaluations so far, which nobody changes; None before the first.
        reason: Why training ended, in words; None before its end.
    """

    course: Course | None = None
    reason: str | None = None


class Outcome:
    """The evaluations of a run and why it ended, as attributes."""

    decision: Watched

    @property
    def reason(self) -> str | None:
        """Why training ended, in words; None before its end."""
        return self.decision.reason

    @property
    def history(self) -> list[tuple[int, float]]:
        """The steps done at each evaluation, and the value of the first monitor there."""
        evaluations = [] if self._course is None else self._course.evaluations
        return [(evaluation.step, evaluation.values[0]) for evaluation in evaluations]

    @property
    def _course(self) -> Course | None:
        return self.decision.course

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
