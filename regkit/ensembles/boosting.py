"""What boosted classifiers and regressions share: options, and rounds of one member each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from regkit.core.errors import RegkitError
from regkit.core.members.engines import Done
from regkit.core.members.own_techniques import RecipeOfMembers
from regkit.core.members.progress_bar import shown
from regkit.core.members.result import Members
from regkit.ensembles.boosting_rounds import Round
from regkit.ensembles.combining import Floats
from regkit.ensembles.drawing import Draw
from regkit.ensembles.option_kinds import Count, Positive, Truth, Verbosity
from regkit.ensembles.trainer import Member, Trainer, is_finite
from regkit.ensembles.training_ensemble import BuildModels, TrainingEnsemble
from regkit.types import Array

__all__ = ["Boosting"]


class Boosting(TrainingEnsemble):
    """What boosted classifiers and regressions share: options, and the rounds."""

    _weighs_loss: bool  # else examples are drawn in proportion to their weights

    def __init__(
        self,
        build_model: BuildModels,
        n_estimators: Count = 50,
        *,
        learning_rate: Positive = 1.0,
        epochs: Count = 10,
        batch_size: Count = 32,
        shuffle: Truth = True,
        callbacks: RecipeOfMembers = None,
        random_state: object = None,
        verbose: Verbosity = 0,
    ) -> None:
        self.build_model = build_model
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    @property
    def estimator_weights_(self) -> Floats:
        """How much each member counts, its importance."""
        check_is_fitted(self)
        return np.array([each.importance for each in self._rounds])

    @property
    def estimator_errors_(self) -> Floats:
        """The weighted error of each member on the examples."""
        check_is_fitted(self)
        return np.array([each.error for each in self._rounds])

    def _member_weights(self) -> Floats | None:
        return self.estimator_weights_

    def _fit(self, X: Array, y: Array, weights: Array | None, options: dict[str, Any]) -> None:
        """Train members in rounds, each on weights that follow from the last one's errors."""
        first = np.full(len(X), 1 / len(X)) if weights is None else weights / weights.sum()
        of_loss = first * len(X) if self._weighs_loss else None
        trainer = self._trainer(X, y, of_loss, options, together=False)
        self._rounds: list[Round] = []
        total = options["n_estimators"]
        with shown(total * options["epochs"], options["verbose"]) as done:
            self._collect(self._boosted(trainer, X, y, first, total, done), total)

    def _boosted(
        self, trainer: Trainer, X: Array, y: Array, weights: Floats, total: int, done: Done
    ) -> Iterator[Members]:
        """Yield the members of rounds; one that diverged is left out, and the next tries again."""
        for number, sequence in enumerate(np.random.SeedSequence(self._root()).spawn(total)):
            random = np.random.default_rng(sequence)
            seed, examples = int(random.integers(2**31)), np.arange(len(X))
            if self._weighs_loss:
                trainer.reweight(weights * len(X))
            else:
                examples = np.sort(random.choice(len(X), len(X), p=weights))
            member = Member(number, Draw(seed, examples, None))
            meaning = self._check_model(trainer, member, X)
            (part,) = trainer.run([member], done)
            if not is_finite(part, 0):
                yield part
                continue
            found = self._round(weights, meaning(trainer.outputs_of_last(X)), y)
            if found.counts:
                self._rounds.append(found)
                yield part
            elif not self._rounds:
                raise RegkitError(
                    f"the first member is no better than chance (error {found.error:.3f}), so "
                    "there is nothing to boost. Train it longer (epochs), or give a stronger model"
                )
            if found.weights is None:
                return
            weights = found.weights

    @abstractmethod
    def _round(self, weights: Floats, said: Array, y: Array) -> Round:
        """Return what a round comes to, whose member says that of the examples."""
