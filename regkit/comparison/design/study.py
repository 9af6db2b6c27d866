"""A study: everything that determines its fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from regkit.comparison.design.ensemble_arms import split_ensemble, with_ensemble
from regkit.comparison.design.parts import Parts, parts
from regkit.comparison.design.seeds import Repeat, arm_order, for_trials, repeats
from regkit.comparison.design.settings import Settings
from regkit.core.model_building import ModelBuilder
from regkit.core.recipe import Alternatives
from regkit.data.dataset import Dataset

__all__ = ["Study", "Task", "TaskKey"]

TaskKey = tuple[str, int, int, str]


@dataclass(frozen=True)
class Task:
    """One fit to be done: an arm in a repeat, or the trial of one of its alternatives.

    Attributes:
        arm: The arm's name.
        recipe: The recipe in text; of an arm with alternatives all of them, until one is chosen.
        repeat: The seeds.
        trial: Whether the arm's choice depends on it. It sees no test examples.
    """

    arm: str
    recipe: str
    repeat: Repeat
    trial: bool = False

    @property
    def key(self) -> TaskKey:
        """What tells it from the study's other fits: (arm, split, seed, recipe of a trial)."""
        return self.arm, self.repeat.split, self.repeat.seed, self.recipe if self.trial else ""


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that determines the fits.

    Attributes:
        arms: Name → recipe in text, which may have alternatives; the baseline first.
        data: The examples.
        build: Builds a compiled model.
        model: Its name.
        settings: What decides, splits, seeds, epochs, batch size, sizes, label noise, root seed.
    """

    arms: dict[str, str]
    data: Dataset
    build: ModelBuilder
    model: str
    settings: Settings

    @cached_property
    def recipes(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Arm → the recipes among which it chooses → the options in which they differ.

        Most arms have one recipe.
        """
        found = {}
        for arm, text in self.arms.items():
            ensemble, recipe = split_ensemble(text)
            several = Alternatives(recipe)
            texts = [with_ensemble(ensemble, str(each)) for each in several]
            found[arm] = dict(zip(texts, several.differences, strict=True))
        return found

    def tasks(self) -> list[Task]:
        """Return every fit, repeat by repeat, the arms of each in the order of their turn.

        An arm's trials come before its fit.
        """
        names, settings = list(self.arms), self.settings
        return [
            task
            for repeat in repeats(settings["splits"], settings["seeds"], settings["seed"])
            for index in arm_order(repeat, len(names))
            for task in self._tasks_of(names[index], repeat)
        ]

    def _tasks_of(self, arm: str, repeat: Repeat) -> list[Task]:
        recipes = self.recipes[arm]
        tried = for_trials(repeat, self.settings["seed"])
        trials = [Task(arm, recipe, tried, trial=True) for recipe in recipes if len(recipes) > 1]
        return [*trials, Task(arm, self.arms[arm], repeat)]

    def parts(self, repeat: Repeat) -> Parts:
        """Return the examples of a repeat."""
        return parts(
            self.data,
            repeat,
            root=self.settings["seed"],
            test_size=self.settings["test_size"],
            validation_size=self.settings["validation_size"],
            label_noise=self.settings["label_noise"],
            train_size=self.settings["train_size"],
        )

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for a fit of one study to belong to another.

        Not the number of splits and seeds, nor which arms there are: a fit depends on none of it.
        """
        shared = {
            name: value for name, value in self.settings.items() if name not in ("splits", "seeds")
        }
        return {"data": self.data.sha256, "model": self.model, **shared}
