"""One fit: build, train with a recipe, evaluate at the best validation epoch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TypeAlias

import keras

from regkit.comparison.design.ensemble_arms import split_ensemble
from regkit.comparison.design.parts import Parts
from regkit.comparison.design.seeds import Repeat, for_member
from regkit.comparison.design.settings import Settings
from regkit.comparison.design.study import Task
from regkit.comparison.fits.memory import peak_memory
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.fits.observed_ensemble import ObservedEnsemble, resampled
from regkit.comparison.fits.observer import Observer
from regkit.comparison.record.results import Fit, Trial
from regkit.comparison.statistics import measures
from regkit.core.members.stream import OrderedBatches
from regkit.core.recipe import Recipe
from regkit.core.seam.generators import drawn_from
from regkit.core.technique import Technique

__all__ = [
    "batches_of",
    "fit_arm",
    "techniques_of",
    "trained",
    "training_curves",
    "try_alternative",
]

History: TypeAlias = dict[str, list[float]]


def fit_arm(
    models: ModelPool,
    task: Task,
    parts: Parts,
    settings: Settings,
) -> Fit:
    """Return the record of one fit of one arm in one repeat.

    Args:
        models: Gives the model in its initial state.
        task: Which fit; its techniques are constructed anew.
        parts: The examples of its repeat.
        settings: Those of the study: the measure that chooses the epoch, epochs, batch size.

    Raises:
        RegkitError: where the model does not fit the labels or training diverges.
    """
    start, peak, repeat = time.perf_counter(), peak_memory(), task.repeat
    observer, history = _observed(models, task, parts, settings)
    tested = observer.outputs(parts.x_test)
    return Fit(
        arm=task.arm,
        recipe=task.recipe,
        split=repeat.split,
        seed=repeat.seed,
        best_epoch=observer.choice.best_epoch,
        epochs=len(observer.seconds),
        test=measures.of_outputs(parts.task, parts.y_test, tested),
        train=observer.measured(parts.x_train, parts.y_train),
        validation=observer.choice.best,
        epoch_seconds=observer.epoch_seconds(),
        seconds=time.perf_counter() - start,
        peak_memory=peak(),
        sparsity=observer.sparsity(),
        reliability=measures.reliability(parts.task, parts.y_test, tested),
        curves={**training_curves(history), **observer.choice.curves},
    )


def try_alternative(
    models: ModelPool,
    task: Task,
    parts: Parts,
    settings: Settings,
) -> Trial:
    """Return what one alternative measures on the validation examples, and nothing of the test.

    The arguments are those of `fit_arm`.
    """
    observer, _ = _observed(models, task, parts, settings)
    repeat, choice = task.repeat, observer.choice
    return Trial(task.arm, task.recipe, repeat.split, repeat.seed, choice.best_epoch, choice.best)


def _observed(
    models: ModelPool, task: Task, parts: Parts, settings: Settings
) -> tuple[Observer | ObservedEnsemble, History]:
    """Train an arm from its initial state, and return what has watched it, and its history."""
    ensemble, recipe = split_ensemble(task.recipe)
    if ensemble is None:
        return _observed_one(models, task.arm, recipe, task.repeat, parts, settings)
    observers, histories = [], []
    for number in range(ensemble.members):
        repeat = for_member(task.repeat, number)
        own = resampled(parts, repeat) if ensemble.kind == "bagging" else parts
        observer, history = _observed_one(models, task.arm, recipe, repeat, own, settings)
        observers.append(observer)
        histories.append(history)
    return ObservedEnsemble(observers, parts), histories[0]


def _observed_one(
    models: ModelPool, arm: str, recipe: str, repeat: Repeat, parts: Parts, settings: Settings
) -> tuple[Observer, History]:
    """Train a model from its initial state up to the weights of its best epoch."""
    model = models.model(arm, repeat.init_seed, repeat.seed)
    observer = Observer(settings["measure"], parts)
    batches = batches_of(parts, settings["batch_size"], settings["epochs"], repeat.order_seed)
    with drawn_from(repeat.init_seed):
        history = trained(model, batches, [observer, *techniques_of(recipe)])
    observer.restore()
    return observer, history


def batches_of(parts: Parts, batch_size: int, epochs: int, seed: int) -> OrderedBatches:
    """Return the batches of training examples, all of one size."""
    return OrderedBatches((parts.x_train, parts.y_noisy), batch_size, epochs, seed, rest=False)


def trained(model: keras.Model, batches: OrderedBatches, callbacks: Sequence[object]) -> History:
    """Train a model on all batches, and return its history."""
    if batches.steps % model.steps_per_execution:
        model.steps_per_execution = 1  # or an epoch would take some of the next one's batches
    history: History = model.fit(
        batches.stream(),
        epochs=batches.epochs,
        steps_per_epoch=batches.steps,
        shuffle=False,  # the stream is shuffled
        verbose=0,
        callbacks=[*callbacks],
    ).history
    return history


def techniques_of(recipe: str) -> list[Technique]:
    """Return the techniques of a recipe, constructed anew, which print nothing."""
    techniques = list(Recipe(recipe))
    for technique in techniques:
        if hasattr(technique, "verbose"):
            technique.verbose = 0  # the terminal belongs to the progress of the comparison
    return techniques


def training_curves(history: History) -> History:
    """Return the loss and its parts, without what was measured on validation examples."""
    return {k: [float(v) for v in vs] for k, vs in history.items() if not k.startswith("val_")}
