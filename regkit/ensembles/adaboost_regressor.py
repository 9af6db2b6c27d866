"""AdaBoost of regressions: each member is trained for what those before it have missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from regkit.core.errors import RegkitError
from regkit.core.members.own_techniques import RecipeOfMembers
from regkit.core.options import Choice
from regkit.ensembles.boosting import Boosting
from regkit.ensembles.boosting_rounds import Round, r2_round
from regkit.ensembles.combining import Floats, weighted_median
from regkit.ensembles.option_kinds import Count, Positive, Truth, Verbosity
from regkit.ensembles.regressor import EnsembleRegressor
from regkit.ensembles.training_ensemble import BuildModels
from regkit.types import Array

__all__ = ["AdaBoostRegressor"]


class AdaBoostRegressor(EnsembleRegressor, Boosting):
    """Keras regressions in rounds, each trained on what those before it have missed (R2).

    Each member draws its examples with replacement, in proportion to their weights w. With its
    losses L in [0, 1] and L̄ = Σ w L, β = L̄/(1−L̄): the member counts η ln(1/β), the weights change
    by β^(η(1−L)), and the ensemble predicts the members' weighted median.

    Source: Drucker, "Improving Regressors using Boosting Techniques" (1997), section 3.

    Args:
        build_model: As of `BaggingRegressor`; one output.
        n_estimators: The number of rounds at most; a member with L̄ ≥ 1/2, or without error, ends
            them.
        learning_rate: η, shrinks what each member counts. The optimizer's is its own.
        loss: L of an error and the largest: "linear", "square" or "exponential".
        epochs: The number of epochs that each trains.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        callbacks: Techniques for every member, as of `BaggingClassifier`.
        random_state: As scikit-learn has it.
        verbose: 1 shows progress.

    Attributes:
        estimators_: The members as plain Keras models.
        estimator_weights_: For each member how much it counts.
        estimator_errors_: For each member its weighted loss L̄.
        histories_: For each member the logs of its epochs.
        diverged_: The numbers of rounds whose member was left out, as its weights are no numbers.

    Raises:
        RegkitError: in `fit`, for impossible options, several targets, models that do not fit
            them, or a first member with L̄ ≥ 1/2.

    Example:
        >>> import keras, numpy as np, regkit
        >>> def build(input_shape):
        ...     model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1)])
        ...     model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
        >>> y = x[:, 0] + 0.1 * x[:, 1] ** 2
        >>> boosting = regkit.ensembles.AdaBoostRegressor(build, 3, epochs=4, random_state=0)
        >>> boosting.fit(x, y).predict(x[:2]).shape
        (2,)
    """

    _weighs_loss = False

    def __init__(
        self,
        build_model: BuildModels,
        n_estimators: Count = 50,
        *,
        learning_rate: Positive = 1.0,
        loss: Annotated[str, Choice("linear", "square", "exponential")] = "linear",
        epochs: Count = 10,
        batch_size: Count = 32,
        shuffle: Truth = True,
        callbacks: RecipeOfMembers = None,
        random_state: object = None,
        verbose: Verbosity = 0,
    ) -> None:
        super().__init__(
            build_model,
            n_estimators,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            callbacks=callbacks,
            random_state=random_state,
            verbose=verbose,
        )
        self.loss = loss

    def _examples(self, X: object, y: object) -> tuple[Array, Array]:
        inputs, targets = super()._examples(X, y)
        if targets.shape[1:] == (1,):
            targets, self._target_shape = column_or_1d(targets, warn=True), ()
        if targets.ndim > 1:
            raise RegkitError(
                f"y must have one target for each example; received the shape {targets.shape}. "
                "Boost each by itself (sklearn.multioutput.MultiOutputRegressor)"
            )
        return inputs, targets

    def staged_predict(self, X: object) -> Iterator[Array]:
        """Yield what the ensemble of the first 1, 2, … members predicts."""
        outputs, weights = self._predictions(X), self.estimator_weights_
        for count in range(1, len(outputs) + 1):
            yield weighted_median(outputs[:count], weights[:count])

    def staged_score(self, X: object, y: object) -> Iterator[float]:
        """Yield R² of the first 1, 2, … members."""
        for predicted in self.staged_predict(X):
            yield float(r2_score(y, predicted))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags

    def _way(self) -> str:
        return "median"

    def _round(self, weights: Floats, said: Array, y: Array) -> Round:
        return r2_round(weights, np.abs(said - y), self.loss, self.learning_rate)
