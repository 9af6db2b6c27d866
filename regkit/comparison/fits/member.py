"""One fit of a comparison that is a member of a group: what it has seen, and what comes of it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.parts import Parts
from regkit.comparison.design.study import Task
from regkit.comparison.fits.epoch_choice import EpochChoice, validation_logs
from regkit.comparison.fits.fitting import training_curves
from regkit.comparison.fits.observer import Diverged, finite_loss, finite_outputs, sparsity
from regkit.comparison.record.results import Fit, Trial
from regkit.comparison.statistics import measures
from regkit.core.members.course import Course
from regkit.core.method import Method

__all__ = ["MemberFit"]


class MemberFit:
    """A fit that others run beside, as `Observer` watches one by itself.

    Args:
        task: Which fit.
        model: Stands for its model.
        techniques: Its own.
        parts: Its examples.
        measure: What chooses the epoch, by its key.

    Attributes:
        diverged: Why it has no result, or None.
    """

    def __init__(
        self,
        task: Task,
        model: keras.Model,
        techniques: list[Method],
        parts: Parts,
        measure: str,
    ) -> None:
        self.task, self.parts = task, parts
        self.choice = EpochChoice(measure)
        self.diverged: Diverged | None = None
        self._course, self._epochs = Course(model, techniques), 0

    @property
    def running(self) -> bool:
        """Whether it trains on."""
        return self.diverged is None and self._course.running

    def see(self, epoch: int, steps: int, logs: dict[str, float], outputs: NDArray[Any]) -> bool:
        """Note an epoch; return whether its weights are to be kept.

        Args:
            epoch: The epoch, from 0.
            steps: The number of steps done.
            logs: Of training, by name.
            outputs: The model's, of the validation examples.
        """
        try:
            finite_loss(logs["loss"], epoch)
            values = self._measured(outputs, self.parts.y_val)
        except Diverged as error:
            self.diverged = error
            return False
        self._epochs = epoch + 1
        # Techniques decide when it ends; which weights are evaluated is chosen here.
        self._course.see({**logs, **validation_logs(values, self.parts)}, epoch, steps, dict)
        return self.choice.see(epoch, values)

    def result(
        self, tested: NDArray[Any], trained: NDArray[Any], weights: list[NDArray[Any]]
    ) -> Fit | Diverged:
        """Return the record of the fit, without what it cost.

        Args:
            tested: The outputs of the test examples at the best epoch.
            trained: Those of the training examples.
            weights: The trainable weights.
        """
        if self.diverged is not None:
            return self.diverged
        parts = self.parts
        try:
            train = self._measured(trained, parts.y_train)
            outputs = self._in_own_unit(tested)
        except Diverged as error:
            return error
        return Fit(
            arm=self.task.arm,
            recipe=self.task.recipe,
            split=self.task.repeat.split,
            seed=self.task.repeat.seed,
            best_epoch=self.choice.best_epoch,
            epochs=self._epochs,
            test=measures.of_outputs(parts.task, parts.y_test, outputs),
            train=train,
            validation=self.choice.best,
            epoch_seconds=np.nan,
            seconds=np.nan,
            peak_memory=None,
            sparsity=sparsity(weights),
            reliability=measures.reliability(parts.task, parts.y_test, outputs),
            curves={**training_curves(self._course.history), **self.choice.curves},
            engine="vectorized",
        )

    def trial(self) -> Trial | Diverged:
        """Return the record of a trial."""
        task, choice = self.task, self.choice
        return self.diverged or Trial(
            arm=task.arm,
            recipe=task.recipe,
            split=task.repeat.split,
            seed=task.repeat.seed,
            best_epoch=choice.best_epoch,
            validation=choice.best,
        )

    def _measured(self, outputs: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        return measures.of_outputs(self.parts.task, y, self._in_own_unit(outputs))

    def _in_own_unit(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Return outputs, values of a regression in the target's own unit."""
        return finite_outputs(outputs) * self.parts.target_scale + self.parts.target_mean
