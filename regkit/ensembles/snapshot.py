"""Snapshot ensembles: one fit, a member at each end of a cosine cycle of the learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.members.course import History, logged
from regkit.core.members.engines import Done, Trained
from regkit.core.members.in_turn import fit_in_turn
from regkit.core.members.made import make
from regkit.core.members.own_techniques import RecipeOfMembers, techniques_of
from regkit.core.members.progress_bar import shown
from regkit.core.members.result import Members
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.options import Choice, Real
from regkit.core.seam import generators
from regkit.core.seam.pure_step import State, read_state
from regkit.ensembles.classifier import EnsembleClassifier
from regkit.ensembles.drawing import Draw
from regkit.ensembles.option_kinds import Count, Truth, Verbosity
from regkit.ensembles.trainer import Member, Trainer
from regkit.ensembles.training_ensemble import TrainingEnsemble
from regkit.types import Array

__all__ = ["SnapshotEnsemble", "cosine_rate"]


def cosine_rate(step: int, steps: int, cycles: int, rate: float) -> float:
    """Return the learning rate of a step: α(t) = α₀/2 · (cos(π·(t mod C)/C) + 1), C = ⌈T/M⌉.

    Source: Huang et al., "Snapshot Ensembles" (2017), equation 2.

    Args:
        step: t, from 0.
        steps: T, of all cycles.
        cycles: M.
        rate: α₀, the rate at which each cycle begins.

    Example:
        >>> [round(cosine_rate(step, 8, 2, 0.1), 3) for step in range(5)]
        [0.1, 0.085, 0.05, 0.015, 0.1]
    """
    length = -(-steps // cycles)
    return float(rate / 2 * (np.cos(np.pi * (step % length) / length) + 1))


class SnapshotEnsemble(EnsembleClassifier, TrainingEnsemble):
    """A classifier that is trained once, and of which the end of each cycle is a member.

    The learning rate falls along a cosine from α₀ to almost zero, M times; where it is lowest the
    weights are kept. The ensemble predicts the mean of the members' probabilities, or by vote.

    Source: Huang et al., "Snapshot Ensembles: Train 1, Get M for Free" (2017).

    Args:
        build_model: As of `BaggingClassifier`; one function. Its optimizer has a number as its
            learning rate.
        n_estimators: The number of cycles, M.
        epochs: The number of epochs of all cycles together, a multiple of M.
        learning_rate: α₀; by default the optimizer's.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        callbacks: Techniques of the fit: a recipe's text, or techniques.
        combine: "mean" of the probabilities, or "vote".
        random_state: As scikit-learn has it.
        verbose: 1 shows progress.

    Attributes:
        classes_: The labels, in order.
        estimators_: The members as plain Keras models, in the order of their cycles.
        histories_: For each member the logs of its cycle's epochs.

    Raises:
        RegkitError: in `fit`, for impossible options, epochs that make no whole cycles, a schedule
            of the optimizer's own, models that do not fit the labels.

    Example:
        >>> import keras, numpy as np, regkit
        >>> def build(input_shape, n_classes):
        ...     layers = [keras.Input(input_shape), keras.layers.Dense(n_classes, "softmax")]
        ...     model = keras.Sequential(layers)
        ...     model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
        >>> y = np.where(x[:, 0] > 0, "high", "low")
        >>> snapshots = regkit.ensembles.SnapshotEnsemble(build, 3, epochs=6, random_state=0)
        >>> len(snapshots.fit(x, y).estimators_)
        3
    """

    def __init__(
        self,
        build_model: BuildModel,
        n_estimators: Count = 5,
        *,
        epochs: Count = 50,
        learning_rate: Annotated[float | None, Real(0, open_low=True, optional=True)] = None,
        batch_size: Count = 32,
        shuffle: Truth = True,
        callbacks: RecipeOfMembers = None,
        combine: Annotated[str, Choice("mean", "vote")] = "mean",
        random_state: object = None,
        verbose: Verbosity = 0,
    ) -> None:
        self.build_model = build_model
        self.n_estimators = n_estimators
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.combine = combine
        self.random_state = random_state
        self.verbose = verbose

    def _fit(self, X: Array, y: Array, weights: Array | None, options: dict[str, Any]) -> None:
        epochs, cycles = options["epochs"], options["n_estimators"]
        if epochs % cycles:
            raise RegkitError(
                f"epochs={epochs} make no {cycles} whole cycles; give a multiple of "
                f"n_estimators, such as {cycles * -(-epochs // cycles)}"
            )
        own = None if weights is None else weights * len(X) / weights.sum()
        trainer = self._trainer(X, y, own, options, together=False)
        member = Member(0, Draw(self._root(), np.arange(len(X)), None))
        self._check_model(trainer, member, X)
        with shown(epochs, options["verbose"]) as done:
            parts = _cycles(trainer, member, cycles, options["learning_rate"], done)
            self._collect(parts, cycles)

    def _builders(self) -> tuple[ModelBuilder, ...]:
        return (ModelBuilder(self.build_model),)  # one fit has one model


def _cycles(
    trainer: Trainer, member: Member, cycles: int, rate: float | None, done: Done
) -> Iterator[Members]:
    """Yield the members of one fit, one a cycle; of one that is broken off, those that are done."""
    blueprint, training = trainer.blueprint([member]), trainer.training([member])
    recipe = techniques_of(trainer.job.recipe)
    model, (made,) = make(blueprint, [0], [member.draw.seed], recipe)
    steps = -(-len(training.y) // training.batch_size) * training.epochs
    watch = _Snapshots(_initial_rate(model, rate), steps, cycles, training.epochs)
    broken_off: BaseException | None = None
    try:
        with generators.kept():
            model.steps_per_execution = 1
            fit_in_turn(model, made, 0, training, done, [watch])
    except BaseException as error:
        broken_off = error
    # Every snapshot's model is that of the fit, whatever `build_model` makes of other members.
    blueprint = replace(blueprint, builder=blueprint.builder.of_member(0))
    reason = "the members of a snapshot ensemble come of one fit"
    for number, (state, history) in enumerate(watch.snapshots):
        trained = Trained([state], [history], [made.techniques], reason)
        yield Members(trained, [made.seed], blueprint, None, [number])
    if broken_off is not None:
        raise broken_off


def _initial_rate(model: keras.Model, rate: float | None) -> float:
    """Return the rate at which cycles begin.

    Raises:
        RegkitError: for an optimizer that has none, or a schedule.
    """
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # of a scaled loss
    own = getattr(optimizer, "_learning_rate", None)
    if optimizer is None or isinstance(own, keras.optimizers.schedules.LearningRateSchedule):
        what = "no optimizer" if optimizer is None else "an optimizer with a schedule of its own"
        raise RegkitError(
            f"build_model gave a model with {what}; cycles need one whose learning rate is a number"
        )
    return float(optimizer.learning_rate) if rate is None else rate


class _Snapshots(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Sets the learning rate of each step, and keeps the weights at the end of each cycle."""

    def __init__(self, rate: float, steps: int, cycles: int, epochs: int) -> None:
        super().__init__()
        self._rate, self._steps, self._cycles = rate, steps, cycles
        self._length, self._step = epochs // cycles, 0
        self._history: History = {}
        self.snapshots: list[tuple[State, History]] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        rate = cosine_rate(self._step, self._steps, self._cycles, self._rate)
        self.model.optimizer.learning_rate = rate
        self._step += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in (logs or {}).items():
            self._history.setdefault(name, []).append(logged(value))
        if (epoch + 1) % self._length == 0:
            self.snapshots.append((read_state(self.model), self._history))
            self._history = {}
