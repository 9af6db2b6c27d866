"""What fits the tasks of a study, in this process or another."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.seeds import Repeat
from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits.fitting import fit_arm
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.fits.observer import Diverged
from regkit.comparison.fits.quiet import no_retracing_notes
from regkit.comparison.record.results import Fit
from regkit.core.errors import RegkitError

__all__ = ["Failure", "Worker"]


@dataclass(frozen=True)
class Failure:
    """Why a fit has no result."""

    reason: str
    diverged: bool = False


class Worker:
    """Fits the tasks of a study, one after another.

    Args:
        study: The study.

    Raises:
        RegkitError: where its data is too small for the sizes of its parts.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        first = study.parts(study.tasks()[0].repeat)
        self.models = ModelPool(study.build, first.x_train.shape[1:], study.data.n_classes)
        self._repeat: Repeat | None = None
        self._parts = first

    def fit(self, task: Task) -> Fit | Failure:
        """Return the fit, or why there is none; an arm may fail in any way."""
        if task.repeat != self._repeat:
            self._repeat, self._parts = task.repeat, self.study.parts(task.repeat)
        settings = self.study.settings
        try:
            with no_retracing_notes():
                return fit_arm(
                    self.models,
                    task.arm,
                    self.study.arms[task.arm],
                    self._parts,
                    task.repeat,
                    measure=settings["measure"],
                    epochs=settings["epochs"],
                    batch_size=settings["batch_size"],
                )
        except Exception as error:  # the other arms go on
            self.models.drop(task.arm)
            return _failure(task, error)

    def baseline_model(self) -> keras.Model:
        """Return the baseline's model.

        Raises:
            RegkitError: where it does not fit the labels.
        """
        first = self.study.tasks()[0].repeat
        return self.models.model(BASELINE, first.init_seed, first.seed)


def _failure(task: Task, error: Exception) -> Failure:
    first_line = (str(error).strip().splitlines() or [""])[0]
    kind = "" if isinstance(error, RegkitError) else f"{type(error).__name__}: "
    reason = f"{kind}{first_line} (split {task.repeat.split + 1})"
    return Failure(reason, isinstance(error, Diverged))
