"""AdaBoost of classifiers: each member is trained for what those before it have missed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regkit.ensembles.boosting import Boosting
from regkit.ensembles.boosting_rounds import Round, samme_round
from regkit.ensembles.classifier import EnsembleClassifier
from regkit.ensembles.combining import Floats, votes
from regkit.types import Array

__all__ = ["AdaBoostClassifier"]


class AdaBoostClassifier(EnsembleClassifier, Boosting):
    """Keras classifiers in rounds, each trained on what those before it have missed (SAMME).

    The examples' weights w are those of the loss. A member with the weighted error ε has the
    importance α = η (ln((1−ε)/ε) + ln(K−1)); the weights of what it has missed grow by exp(α); and
    the ensemble votes: arg max_c Σ α [member says c].

    Source: Zhu et al., "Multi-class AdaBoost" (2009), algorithm 2.

    Args:
        build_model: As of `BaggingClassifier`. A member should be better than chance, and may be
            weak: a linear model, or a small network that trains few epochs.
        n_estimators: The number of rounds at most; a member without error, or one no better than
            chance, ends them.
        learning_rate: η, shrinks what each member counts. The optimizer's is its own.
        epochs: The number of epochs that each trains.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        callbacks: Techniques for every member, as of `BaggingClassifier`.
        random_state: As scikit-learn has it.
        verbose: 1 shows progress.

    Attributes:
        classes_: The labels, in order.
        estimators_: The members as plain Keras models.
        estimator_weights_: For each member its importance α.
        estimator_errors_: For each member its weighted error ε.
        histories_: For each member the logs of its epochs.
        diverged_: The numbers of rounds whose member was left out, as its weights are no numbers.

    Raises:
        RegkitError: in `fit`, for impossible options, models that do not fit the labels, or a first
            member that is no better than chance.

    Example:
        >>> import keras, numpy as np, regkit
        >>> def build(input_shape, n_classes):
        ...     layers = [keras.Input(input_shape), keras.layers.Dense(n_classes, "softmax")]
        ...     model = keras.Sequential(layers)
        ...     model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
        >>> y = (x[:, 0] > 0.5 * x[:, 1] ** 2).astype(int)
        >>> boosting = regkit.ensembles.AdaBoostClassifier(build, 3, epochs=4, random_state=0)
        >>> boosting.fit(x, y).estimator_weights_.shape
        (3,)
    """

    _weighs_loss = True

    def staged_predict(self, X: object) -> Iterator[Array]:
        """Yield what the ensemble of the first 1, 2, … members predicts."""
        for p in self.staged_predict_proba(X):
            yield np.asarray(self.classes_[p.argmax(axis=1)])

    def staged_predict_proba(self, X: object) -> Iterator[Array]:
        """Yield the shares of the votes of the first 1, 2, … members, (examples, classes)."""
        p = self._probabilities(X)
        weights = self.estimator_weights_
        for count in range(1, len(p) + 1):
            yield votes(p[:count], weights[:count])

    def staged_score(self, X: object, y: object) -> Iterator[float]:
        """Yield the accuracy of the first 1, 2, … members."""
        for predicted in self.staged_predict(X):
            yield float(np.mean(predicted == np.asarray(y)))

    def _way(self) -> str:
        return "vote"

    def _round(self, weights: Floats, said: Array, y: Array) -> Round:
        missed = said.argmax(axis=1) != y
        return samme_round(weights, missed, self.n_classes_, self.learning_rate)
