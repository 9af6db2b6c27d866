"""Bagging of classifiers: members on samples of the examples, which predict together."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import accuracy_score

from regkit.ensembles.bagging import Bagging
from regkit.ensembles.classifier import EnsembleClassifier
from regkit.types import Array

__all__ = ["BaggingClassifier"]


class BaggingClassifier(EnsembleClassifier, Bagging):
    """Keras classifiers on bootstrap samples, which predict together.

    Each member trains on examples that are drawn with replacement, from initial weights and in an
    order of its own; the ensemble predicts the mean of the members' probabilities, or by a
    majority of their votes:

        p̄(c | x) = (1/M) Σᵢ pᵢ(c | x)        v(c | x) = (1/M) Σᵢ [arg max pᵢ(· | x) = c]

    Members may also differ by their initialization alone (`bootstrap=False`, a deep ensemble), by
    columns (`max_features`), by strengths (`callbacks` as a function of the member's number), or by
    their models (`build_model` as a list, or a function of `member`).

    Source: Breiman, "Bagging Predictors" (1996); Lakshminarayanan et al., "Simple and Scalable
    Predictive Uncertainty Estimation using Deep Ensembles" (2017).

    Args:
        build_model: Returns a compiled model; it is called with those of `input_shape`, `n_classes`
            and `member` that its signature names. Or a list of such functions, taken in turn.
            Labels reach the model as 0…K−1.
        n_estimators: The number of members.
        epochs: The number of epochs that each trains.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        callbacks: Techniques for every member: a recipe's text, or techniques, of which each gets
            copies; or a function of the member's number that returns them.
        max_samples: How many examples each member draws: a whole number, or a fraction of all.
        max_features: How many columns each member sees, without replacement, likewise.
        bootstrap: Whether examples are drawn with replacement. With it, `sample_weight` says how
            often an example is drawn; without, how much it counts in the loss.
        combine: "mean" of the probabilities, or "vote".
        oob_score: Whether to score each example by the members that have not seen it.
        validation_fraction: The fraction of the examples, of each class, that no member sees, to be
            evaluated after each epoch; for techniques such as `EarlyStopping`.
        engine: "vectorized" trains the members as one computation, where that can be and is faster;
            "sequential" one after the other, which keeps what is finished if it is broken off;
            "joblib" in processes beside each other, here or, under `joblib.parallel_config("dask")`
            or "ray", on a cluster. The members are the same to rounding.
        n_jobs: The number of processes of "joblib", as scikit-learn has it; -1 is one a core.
        group_size: The number of members that a process of "joblib" trains as one computation.
        directory: A folder for finished members, by "sequential" and "joblib" one after the other.
            A `fit` that was broken off goes on from there: a member is taken from it if data,
            model, techniques and seeds are the same.
        random_state: As scikit-learn has it: a number gives the same members again.
        verbose: 1 shows progress.

    Attributes:
        classes_: The labels, in order.
        estimators_: The members as plain Keras models.
        estimators_samples_: For each member the numbers of the examples that it has drawn.
        estimators_features_: For each member the columns that it sees.
        histories_: For each member the logs of its epochs.
        diverged_: The numbers of members that were left out, as their weights are no numbers.
        oob_score_: The accuracy on examples by the members that have not seen them.
        oob_decision_function_: Their probabilities, (examples, classes).

    Raises:
        RegkitError: in `fit`, for impossible options, models that do not fit the labels, a single
            class, weights that are all zero.

    Example:
        >>> import keras, numpy as np, regkit
        >>> def build(input_shape, n_classes):
        ...     layers = [keras.Input(input_shape), keras.layers.Dense(n_classes, "softmax")]
        ...     model = keras.Sequential(layers)
        ...     model.compile("sgd", "sparse_categorical_crossentropy")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
        >>> y = np.where(x[:, 0] > 0, "high", "low")
        >>> bagging = regkit.ensembles.BaggingClassifier(
        ...     build, n_estimators=4, epochs=2, callbacks="l2(1e-3)", random_state=0
        ... ).fit(x, y)
        >>> bagging.predict(x[:2]).shape, bagging.predict_proba(x[:2]).shape
        ((2,), (2, 2))
    """

    _ways = ("mean", "vote")

    def _score_unseen(self, X: Array, y: Array) -> None:
        p = self._member_outputs(X)
        ballots = p.argmax(axis=2)[..., None] == np.arange(p.shape[2])
        given = ballots.astype(float) if self.combine == "vote" else p
        self.oob_decision_function_, has_any = self._unseen(given, len(X))
        predicted = self.oob_decision_function_[has_any].argmax(axis=1)
        self.oob_score_ = float(accuracy_score(y[has_any], predicted))
