"""`regkit.compare`: recipes against a baseline, on repeated splits and seeds, fairly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from regkit.comparison import design, results
from regkit.comparison.description import describe_data, describe_environment
from regkit.comparison.fitting import fit_arm
from regkit.comparison.models import BuildModel, count_parameters, resolve
from regkit.comparison.progress import FitProgress
from regkit.comparison.report import Comparison
from regkit.comparison.workbench import Workbench
from regkit.core.errors import RegkitError
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique
from regkit.data.dataset import Dataset
from regkit.data.sources import load

__all__ = ["BASELINE", "DEFAULT_RECIPES", "compare"]

BASELINE = "baseline"
DEFAULT_RECIPES = (  # something of every chapter, at its defaults
    "l2",
    "label_smoothing",
    "gaussian_noise",
    "elastic_distortion(relative_to=28)",  # the paper's setting, for images of any size
    "dropout",
    "drop_connect",
    "early_stopping",
)


def compare(
    build_model: str | BuildModel,
    data: str | Path | Dataset | tuple[Any, Any],
    recipes: Iterable[str | Recipe | list[Technique]],
    *,
    splits: int = 10,
    seeds: int = 1,
    epochs: int = 80,
    batch_size: int | None = None,
    label_noise: float = 0.0,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    train_size: int | None = None,
    target: str | int | None = None,
    seed: int = 0,
    output: str | Path | None = None,
    force: bool = False,
    progress: bool = True,
) -> Comparison:
    """Compare recipes with training without them, and say how sure the answer is.

    Each of `splits` random, stratified splits into training, validation and test is used with
    `seeds` seeds. In each of these repeats every arm gets the same examples, redrawn labels,
    initialization and order, trains for the same epochs, and is evaluated on clean labels at the
    epoch of its best validation accuracy; the baseline is treated no differently.

    Args:
        build_model: A function of an input shape and a number of classes that returns a compiled
            model, or `"mlp"`, `"cnn"`, `"path.py:function"`.
        data: What `regkit.data.load` takes: `"digits"`, a path to `.npz` or `.csv`, `(x, y)`.
        recipes: The arms, in text or as recipes.
        splits: The number of splits, at least 2; each gives one pair for the statistics.
        seeds: The number of seeds a split; their fits are averaged, which takes out most of the
            chance in initialization, order and the choice of the epoch.
        epochs: The number of epochs that every arm trains.
        batch_size: The number of examples a step; None is a quarter of the training examples, but
            at least 16 and at most 256.
        label_noise: The fraction of the training labels redrawn uniformly at random.
        test_size: The fraction tested on; unused where the data has a fixed test part.
        validation_size: The fraction of the rest that chooses the epoch.
        train_size: Train on so many examples only; for data with a fixed test part.
        target: The label column of a `.csv`.
        seed: The root of all seeds.
        output: A folder for results.json and figures, or None to write nothing.
        force: Whether files there may be overwritten.
        progress: Whether to show a bar on standard error.

    Returns:
        The comparison: print it for the table; `.summaries` and `.record` hold the numbers.

    Raises:
        RegkitError: (a ValueError) for recipes, data, models and options that cannot be, before
            anything is trained; and where the baseline itself fails in the first repeat.

    An arm that fails is taken out, named with its reason, and the rest goes on. Ctrl-C ends the
    comparison with what is done.
    """
    options = {
        "splits": splits,
        "seeds": seeds,
        "epochs": epochs,
        "batch_size": batch_size,
        "label_noise": label_noise,
        "test_size": test_size,
        "validation_size": validation_size,
        "train_size": train_size,
        "seed": seed,
    }
    _check_options(options)
    if output is not None:
        results.check_output(Path(output), force)
    arms = _arms(recipes)
    dataset = load(data, target=target)
    if train_size is not None and dataset.x_test is None:
        raise RegkitError("train_size needs data with a fixed test part (x_test, y_test)")
    build, model_name = resolve(build_model)
    study = _Study(arms, dataset, build, {"model": model_name, **options})
    study.run(None if output is None else Path(output), progress)
    comparison = Comparison(study.record())
    if output is not None:
        comparison.save(output, force=True)  # checked above; what is there now is our own
    return comparison


class _Study:
    """A comparison as it runs."""

    def __init__(
        self, arms: dict[str, str], data: Dataset, build: BuildModel, settings: dict[str, Any]
    ) -> None:
        self.arms, self.data, self.settings = arms, data, settings
        self.repeats = design.repeats(settings["splits"], settings["seeds"], settings["seed"])
        first = self._parts(self.repeats[0])  # raises where the sizes cannot be
        if settings["batch_size"] is None:
            settings["batch_size"] = min(256, max(16, len(first.y_train) // 4))
        self.workbench = Workbench(build, first.x_train.shape[1:], data.n_classes)
        model = self.workbench.model(BASELINE, self.repeats[0].init_seed)  # raises if it misfits
        self.described = describe_data(data, first)
        self.environment = describe_environment(count_parameters(model))
        self.fits: list[results.Fit] = []
        self.failures: dict[str, str] = {}
        self.stopped = ""
        self.start = time.perf_counter()

    def _parts(self, repeat: design.Repeat) -> design.Parts:
        sizes = ("test_size", "validation_size", "label_noise", "train_size")
        chosen = {name: self.settings[name] for name in sizes}
        return design.parts(self.data, repeat, root=self.settings["seed"], **chosen)

    def record(self) -> results.Record:
        """Return what is known so far."""
        seconds = round(time.perf_counter() - self.start, 1)
        return results.Record(
            arms=self.arms,
            fits=tuple(self.fits),
            failures=dict(self.failures),
            settings=self.settings,
            data=self.described,
            environment={**self.environment, "seconds": seconds},
            stopped=self.stopped,
        )

    def run(self, output: Path | None, shown: bool) -> None:
        """Fit all arms in all repeats; after each repeat, write what there is."""
        with FitProgress(len(self.arms) * len(self.repeats), shown) as progress:
            try:
                for repeat in self.repeats:
                    self._repeat(repeat, progress)
                    if output is not None:
                        results.write(self.record(), output / "results.json")
                    if self.stopped:
                        break
            except KeyboardInterrupt:
                if not self.fits:
                    raise
                self.stopped = "interrupted"
        if BASELINE not in {fit.arm for fit in self.fits}:
            reason = self.failures.get(BASELINE, self.stopped)
            raise RegkitError(f"the baseline gave no result, so nothing can be compared: {reason}")

    def _repeat(self, repeat: design.Repeat, progress: FitProgress) -> None:
        parts, names = self._parts(repeat), list(self.arms)
        fit_options = {name: self.settings[name] for name in ("epochs", "batch_size")}
        for arm in (names[index] for index in design.arm_order(repeat, len(names))):
            if arm not in self.failures and not self.stopped:
                progress.begin(arm)
                try:
                    recipe = self.arms[arm]
                    fit = fit_arm(self.workbench, arm, recipe, parts, repeat, **fit_options)
                    self.fits.append(fit)
                except Exception as error:  # an arm may fail in any way; the others go on
                    self._failed(arm, repeat, error, progress)
            progress.advance()

    def _failed(
        self, arm: str, repeat: design.Repeat, error: Exception, progress: FitProgress
    ) -> None:
        first_line = (str(error).strip().splitlines() or [""])[0]
        kind = "" if isinstance(error, RegkitError) else f"{type(error).__name__}: "
        self.workbench.drop(arm)
        self.failures[arm] = f"{kind}{first_line} (split {repeat.split + 1})"
        progress.note(f"{arm} failed and is taken out: {self.failures[arm]}")
        if arm == BASELINE:
            self.stopped = f"the baseline failed: {self.failures[arm]}"


def _arms(recipes: Iterable[str | Recipe | list[Technique]]) -> dict[str, str]:
    """Return name → recipe in text, the baseline first."""
    if isinstance(recipes, str):
        recipes = [recipes]
    arms = {BASELINE: ""}
    for given in recipes:
        named = isinstance(given, str) and given.strip() == BASELINE
        text = "" if named else str(given if isinstance(given, Recipe) else Recipe(given))
        if not text:
            raise RegkitError("an arm without techniques is the baseline, which is always there")
        if text in arms:
            raise RegkitError(f"the arm {text!r} is given twice")
        arms[text] = text
    if len(arms) == 1:
        raise RegkitError(f"no recipes to compare; name some, such as {', '.join(DEFAULT_RECIPES)}")
    return arms


def _check_options(options: dict[str, Any]) -> None:
    bounds: dict[str, tuple[Callable[[Any], bool], str]] = {
        "splits": (lambda v: v >= 2, "an integer of 2 or more (10 finds large effects)"),
        "seeds": (lambda v: v >= 1, "an integer of 1 or more"),
        "epochs": (lambda v: v >= 1, "an integer of 1 or more"),
        "batch_size": (lambda v: v >= 1, "an integer of 1 or more"),
        "seed": (lambda v: v >= 0, "an integer of 0 or more"),
        "train_size": (lambda v: v >= 1, "an integer of 1 or more"),
        "label_noise": (lambda v: 0 <= v <= 1, "a fraction from 0 to 1"),
        "test_size": (lambda v: 0 < v < 1, "a fraction between 0 and 1"),
        "validation_size": (lambda v: 0 < v < 1, "a fraction between 0 and 1"),
    }
    for name, (allowed, said) in bounds.items():
        value = options[name]
        if name in ("batch_size", "train_size") and value is None:
            continue
        kinds = (int, float, np.floating) if "fraction" in said else (int, np.integer)
        if isinstance(value, bool) or not isinstance(value, kinds) or not allowed(value):
            raise RegkitError(f"{name} must be {said}; received {value!r}")
