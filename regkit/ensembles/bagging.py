"""What bagged classifiers and regressions share: samples, engines, what members have not seen."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from regkit.core.errors import RegkitError
from regkit.core.members.engines import Done
from regkit.core.members.own_techniques import RecipeOfMembers
from regkit.core.members.progress_bar import shown
from regkit.core.members.result import Members
from regkit.core.options import Choice, checked_value
from regkit.ensembles.drawing import drawn
from regkit.ensembles.kept_members import KeptMembers
from regkit.ensembles.option_kinds import (
    Count,
    Engine,
    OptionalCount,
    OptionalShare,
    Truth,
    Verbosity,
)
from regkit.ensembles.processes import trained_in_processes
from regkit.ensembles.trainer import Member, Trainer
from regkit.ensembles.training_ensemble import BuildModels, TrainingEnsemble
from regkit.types import Array

__all__ = ["Bagging"]

_MANY_SEEN = 0.05  # the share of examples seen by every member of which is warned


class Bagging(TrainingEnsemble):
    """The base of both; a subclass says what its models mean."""

    _samples: dict[int, Array]  # the examples that each member has drawn
    _drawn_from: Array  # the examples that were not held out
    _ways: tuple[str, ...]  # in which outputs can be combined

    def __init__(
        self,
        build_model: BuildModels,
        n_estimators: Count = 10,
        *,
        epochs: Count = 10,
        batch_size: Count = 32,
        shuffle: Truth = True,
        callbacks: RecipeOfMembers = None,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: Truth = True,
        combine: str = "mean",
        oob_score: Truth = False,
        validation_fraction: OptionalShare = None,
        engine: Engine = "vectorized",
        n_jobs: OptionalCount = None,
        group_size: Count = 1,
        directory: object = None,
        random_state: object = None,
        verbose: Verbosity = 0,
    ) -> None:
        self.build_model = build_model
        self.n_estimators = n_estimators
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.combine = combine
        self.oob_score = oob_score
        self.validation_fraction = validation_fraction
        self.engine = engine
        self.n_jobs = n_jobs
        self.group_size = group_size
        self.directory = directory
        self.random_state = random_state
        self.verbose = verbose

    def _options(self, fit_options: dict[str, Any]) -> dict[str, Any]:
        checked_value("combine", Choice(*self._ways), self.combine, type(self).__name__)
        return super()._options(fit_options)

    def _fit(self, X: Array, y: Array, weights: Array | None, options: dict[str, Any]) -> None:
        if options["validation_data"] is not None and options["validation_fraction"] is not None:
            raise RegkitError("give validation_data or validation_fraction, not both")
        root = self._root()
        rows, held_out = self._held_out(y, options["validation_fraction"], root)
        self._weights(None if weights is None else weights[rows], len(rows))
        draws = drawn(
            root,
            options["n_estimators"],
            len(rows),
            X.shape[1] if X.ndim == 2 else None,
            max_samples=options["max_samples"],
            max_features=options["max_features"],
            bootstrap=options["bootstrap"],
            weights=None if weights is None else weights[rows],
        )
        if options["oob_score"] and all(len(np.unique(d.examples)) == len(rows) for d in draws):
            raise RegkitError(
                "oob_score=True scores examples by members that have not seen them, and here each "
                "sees all. Leave bootstrap=True, or give max_samples below 1.0"
            )
        if len(held_out):
            options["validation_data"] = X[held_out], y[held_out]
        # With replacement an example is drawn in proportion to its weight, and counts once then.
        own = None if weights is None or options["bootstrap"] else weights[rows]
        together = options["engine"] == "vectorized" or options["group_size"] > 1
        trainer = self._trainer(X[rows], y[rows], own, options, together)
        members = [Member(number, draw) for number, draw in enumerate(draws)]
        self._drawn_from = rows
        self._samples = {number: rows[draw.examples] for number, draw in enumerate(draws)}
        for member in members[: len(trainer.job.builders)]:  # the first of each function
            self._check_model(trainer, member, X)
        with shown(len(members) * options["epochs"], options["verbose"]) as done:
            self._collect(_trained(trainer, members, options, done), len(members))
        if options["oob_score"]:
            self._score_unseen(X, y)

    @property
    def estimators_samples_(self) -> list[Array]:
        """For each member the numbers of the examples that it has drawn."""
        check_is_fitted(self)
        return [self._samples[group.numbers[place]] for group, place in self._places()]

    def _held_out(self, y: Array, share: float | None, root: int) -> tuple[Array, Array]:
        """Return the examples to draw from, and those that validate."""
        every = np.arange(len(y))
        if share is None:
            return every, every[:0]
        kinds = y if self._n_classes() is not None else None
        rows, held_out = train_test_split(every, test_size=share, random_state=root, stratify=kinds)
        return np.sort(rows), np.sort(held_out)

    def _unseen(self, outputs: Array, count: int) -> tuple[Array, Array]:
        """Return for each example the mean of the members that have not seen it, and whether any.

        Args:
            outputs: Of all members, (members, examples, …).
            count: The number of examples.
        """
        unseen = np.zeros((len(outputs), count))
        unseen[:, self._drawn_from] = 1  # by what was held out, members may have been chosen
        for row, own in zip(unseen, self.estimators_samples_, strict=True):
            row[own] = 0
        total = unseen.sum(axis=0)
        missing = int((total[self._drawn_from] == 0).sum())
        if missing > _MANY_SEEN * count:  # of ten members a bootstrap leaves one in a hundred
            warnings.warn(
                f"{missing} of {count} examples were seen by every member and do not count in the "
                "out-of-bag score; more members leave fewer",
                stacklevel=5,
            )
        sums = np.einsum("me,me...->e...", unseen, outputs)
        shape = (count,) + (1,) * (sums.ndim - 1)
        with np.errstate(invalid="ignore"):
            return sums / total.reshape(shape), total > 0

    @abstractmethod
    def _score_unseen(self, X: Array, y: Array) -> None:
        """Score each example by the members that have not seen it."""


def _trained(
    trainer: Trainer, members: list[Member], options: dict[str, Any], done: Done
) -> Iterator[Members]:
    """Yield trained members as they come; first those that an earlier run has left finished."""
    kept = None
    if options["directory"] is not None:
        kept = KeptMembers(options["directory"], trainer)
        finished, members = kept.there(members)
        yield from finished
        done(len(finished) * options["epochs"])
    if options["engine"] == "joblib":
        sizes = {name: options[name] for name in ("n_jobs", "group_size")}
        parts = trained_in_processes(trainer.job, trainer.data, members, done=done, **sizes)
    else:
        parts = trainer.run(members, done)
    yield from parts if kept is None else kept.keeping(parts, members)
