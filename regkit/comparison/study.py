"""A study: what is fitted, and the worker that fits it, in this process or another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.comparison import design
from regkit.comparison.arms import BASELINE
from regkit.comparison.fitting import fit_arm
from regkit.comparison.models import BuildModel
from regkit.comparison.observer import Diverged
from regkit.comparison.quiet import no_retracing_notes
from regkit.comparison.results import Fit, label
from regkit.comparison.workbench import Workbench
from regkit.core.errors import RegkitError
from regkit.data.dataset import Dataset

__all__ = ["Failure", "Study", "Task", "Worker"]

SIZES = ("test_size", "validation_size", "label_noise", "train_size")


@dataclass(frozen=True)
class Task:
    """One fit to be done: an arm in a repeat."""

    arm: str
    repeat: design.Repeat

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from the study's other fits: (arm, split, seed)."""
        return self.arm, self.repeat.split, self.repeat.seed


@dataclass(frozen=True)
class Failure:
    """Why a fit has no result."""

    reason: str
    diverged: bool = False


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that determines the fits.

    Attributes:
        arms: Name → recipe in text; the baseline first.
        data: The examples.
        build: Returns a compiled model.
        model: Its name.
        settings: What decides, splits, seeds, epochs, batch size, sizes, label noise, root seed.
    """

    arms: dict[str, str]
    data: Dataset
    build: BuildModel
    model: str
    settings: dict[str, Any]

    def label(self, arm: str) -> str:
        """Return an arm as it is shown: by the text that makes it."""
        return label(arm, self.arms[arm])

    def tasks(self) -> list[Task]:
        """Return every fit, repeat by repeat, the arms of each in the order of their turn."""
        names, chosen = list(self.arms), self.settings
        return [
            Task(names[index], repeat)
            for repeat in design.repeats(chosen["splits"], chosen["seeds"], chosen["seed"])
            for index in design.arm_order(repeat, len(names))
        ]

    def parts(self, repeat: design.Repeat) -> design.Parts:
        """Return the examples of a repeat."""
        chosen = {name: self.settings[name] for name in SIZES}
        return design.parts(self.data, repeat, root=self.settings["seed"], **chosen)

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for a fit of one study to belong to another.

        Not the number of splits and seeds, nor which arms there are: a fit depends on none of it.
        """
        shared = {k: v for k, v in self.settings.items() if k not in ("splits", "seeds")}
        return {"data": self.data.sha256, "model": self.model, **shared}


class Worker:
    """Fits the tasks of a study, one after another."""

    def __init__(self, study: Study) -> None:
        self.study = study
        first = study.parts(study.tasks()[0].repeat)  # raises where the sizes cannot be
        self.workbench = Workbench(study.build, first.x_train.shape[1:], study.data.n_classes)
        self._repeat: design.Repeat | None = None
        self._parts = first

    def fit(self, task: Task) -> Fit | Failure:
        """Return the fit, or why there is none; an arm may fail in any way."""
        if task.repeat != self._repeat:
            self._repeat, self._parts = task.repeat, self.study.parts(task.repeat)
        chosen = {name: self.study.settings[name] for name in ("measure", "epochs", "batch_size")}
        recipe = self.study.arms[task.arm]
        try:
            with no_retracing_notes():
                return fit_arm(
                    self.workbench,
                    task.arm,
                    recipe,
                    self._parts,
                    task.repeat,
                    task=self.study.data.task,
                    **chosen,
                )
        except Exception as error:  # the others go on
            self.workbench.drop(task.arm)
            return _failure(task, error)

    def model(self) -> Any:
        """Return the baseline's model, checked; raises RegkitError where it does not fit."""
        return self.workbench.model(BASELINE, self.study.tasks()[0].repeat.init_seed)


def _failure(task: Task, error: Exception) -> Failure:
    first_line = (str(error).strip().splitlines() or [""])[0]
    kind = "" if isinstance(error, RegkitError) else f"{type(error).__name__}: "
    reason = f"{kind}{first_line} (split {task.repeat.split + 1})"
    return Failure(reason, isinstance(error, Diverged))
