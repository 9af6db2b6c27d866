"""Bagging of regressions: members on samples of the examples, which predict together."""

from __future__ import annotations

from sklearn.metrics import r2_score

from regkit.ensembles.bagging import Bagging
from regkit.ensembles.regressor import EnsembleRegressor
from regkit.types import Array

__all__ = ["BaggingRegressor"]


class BaggingRegressor(EnsembleRegressor, Bagging):
    """Keras regressions on bootstrap samples, which predict together.

    The ensemble predicts the mean of the members' predictions, ȳ(x) = (1/M) Σᵢ yᵢ(x), or their
    median. The mean's squared error is the members' mean squared error less their variance.

    Source: Breiman, "Bagging Predictors" (1996), section 4.

    Args:
        build_model: As of `BaggingClassifier`, as the other options; `n_classes` is None.
        n_estimators: The number of members.
        epochs: The number of epochs that each trains.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        callbacks: Techniques for every member.
        max_samples: How many examples each member draws: a whole number, or a fraction of all.
        max_features: How many columns each member sees, likewise.
        bootstrap: Whether examples are drawn with replacement.
        combine: "mean" or "median" of the predictions.
        oob_score: Whether to score each example by the members that have not seen it.
        validation_fraction: The fraction of the examples that no member sees.
        engine: "vectorized", "sequential" or "joblib".
        n_jobs: The number of processes of "joblib".
        group_size: The number of members that a process of "joblib" trains as one computation.
        directory: A folder for finished members.
        random_state: As scikit-learn has it.
        verbose: 1 shows progress.

    Attributes:
        estimators_: The members as plain Keras models.
        estimators_samples_: For each member the numbers of the examples that it has drawn.
        estimators_features_: For each member the columns that it sees.
        histories_: For each member the logs of its epochs.
        diverged_: The numbers of members that were left out.
        oob_score_: R² on examples by the members that have not seen them.
        oob_prediction_: Their mean, in the shape of y.

    Raises:
        RegkitError: in `fit`, for impossible options, or models that do not fit the targets.

    Example:
        >>> import keras, numpy as np, regkit
        >>> def build(input_shape):
        ...     model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1)])
        ...     model.compile("sgd", "mean_squared_error")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
        >>> bagging = regkit.ensembles.BaggingRegressor(build, 4, epochs=2).fit(x, x[:, 0])
        >>> bagging.predict(x[:2]).shape
        (2,)
    """

    _ways = ("mean", "median")

    def _score_unseen(self, X: Array, y: Array) -> None:
        outputs = self._member_outputs(X)
        self.oob_prediction_, has_any = self._unseen(outputs, len(X))
        self.oob_score_ = float(r2_score(y[has_any], self.oob_prediction_[has_any]))
