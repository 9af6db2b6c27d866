"""Voting: models that were trained apart, of any kind, predict together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from regkit.core.errors import OptionError, RegkitError
from regkit.core.options import Choice, checked_value
from regkit.ensembles.classifier import EnsembleClassifier
from regkit.ensembles.combining import Floats
from regkit.ensembles.small_models import small_classifier
from regkit.ensembles.trained_model import TrainedModel
from regkit.types import Array

__all__ = ["VotingEnsemble", "log_odds", "mixture_weights"]

_Weights: TypeAlias = ArrayLike | str | None
_ROUNDS = 1000


def mixture_weights(probabilities: ArrayLike, labels: Array) -> Floats:
    """Return the weights of the mixture that makes labels most likely: arg min −Σₙ ln Σᵢ wᵢ pᵢₙ.

    By expectation and maximization, wᵢ ← mean over n of wᵢ pᵢₙ / Σⱼ wⱼ pⱼₙ, which lessens the loss
    in every round; the loss is convex.

    Source: Dempster, Laird, Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm"
    (1977), section 4.3.

    Args:
        probabilities: Of each model, (models, examples, classes).
        labels: Class numbers, (examples,).

    Example:
        >>> sure, doubtful = [[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]
        >>> mixture_weights([sure, doubtful], np.array([0, 1])).round(3)
        array([1., 0.])
    """
    p = np.asarray(probabilities, np.float64)[:, np.arange(len(labels)), labels]
    p = np.maximum(p, np.finfo(np.float64).tiny)
    weights = np.full(len(p), 1 / len(p))
    for _ in range(_ROUNDS):
        shares = weights[:, None] * p
        after = (shares / shares.sum(axis=0)).mean(axis=1)
        settled = np.abs(after - weights).max() < 1e-9
        weights = after
        if settled:
            break
    return np.asarray(weights)


def log_odds(probabilities: ArrayLike, labels: Array) -> Floats:
    """Return the weights of votes that are best for independent voters: ln(a/(1−a)) + ln(K−1).

    With the accuracy a of each, counted with one half right and one half wrong more, so that it is
    never 0 or 1; a voter that is worse than chance does not count.

    Source: Nitzan, Paroush, "Optimal Decision Rules in Uncertain Dichotomous Choice Situations"
    (1982).

    Example:
        >>> right, half = [[0.9, 0.1], [0.1, 0.9]], [[0.9, 0.1], [0.9, 0.1]]
        >>> log_odds([right, half], np.array([0, 1])).round(3)
        array([1.609, 0.   ])
    """
    p = np.asarray(probabilities, np.float64)
    right = (p.argmax(axis=2) == labels).sum(axis=1)
    accuracy = (right + 0.5) / (len(labels) + 1)
    return np.maximum(np.log(accuracy / (1 - accuracy)) + np.log(p.shape[2] - 1), 0.0)


class VotingEnsemble(EnsembleClassifier):
    """Trained Keras classifiers, of any architectures, which predict together.

    Soft voting predicts Σ wᵢ pᵢ(c | x) / Σ wᵢ, hard voting the share of the weight that votes for
    each class. Weights that are fitted on held-out data are for soft voting those of the mixture
    that makes its labels most likely, for hard voting the log-odds of each model's accuracy.

    Args:
        models: Trained, compiled Keras models of the same inputs and classes. They are not trained
            further, and not changed.
        voting: "soft" or "hard".
        weights: One number of at least 0 for each model; None for all alike; "fitted" learns them
            in `fit`, from examples that no model was trained on.
        classes: The labels that the models' outputs stand for, in order; by default the sorted
            labels that `fit` sees, which then must be as many as there are outputs.

    Attributes:
        classes_: The labels, in order.
        estimators_: The models.
        weights_: How much each model counts, of sum 1.

    Raises:
        RegkitError: in `fit`, for models that do not fit each other or the labels, or weights that
            are no such numbers.

    Example:
        >>> import keras, numpy as np, regkit
        >>> def trained(units):
        ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, "relu"),
        ...                               keras.layers.Dense(2, "softmax")])
        ...     model.compile("adam", "sparse_categorical_crossentropy")
        ...     model.fit(x[:40], y[:40], verbose=0)
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
        >>> y = (x[:, 0] > 0).astype(int)
        >>> voting = regkit.ensembles.VotingEnsemble([trained(4), trained(8)], weights="fitted")
        >>> voting.fit(x[40:], y[40:]).weights_.sum().round(6)
        np.float64(1.0)
    """

    def __init__(
        self,
        models: Sequence[keras.Model],
        *,
        voting: str = "soft",
        weights: _Weights = None,
        classes: ArrayLike | None = None,
    ) -> None:
        self.models = models
        self.voting = voting
        self.weights = weights
        self.classes = classes

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return new instances for the conformance checks to run on."""
        return [cls([small_classifier((3,), 3), small_classifier((3,), 3)], weights="fitted")]

    def fit(self, X: object, y: object) -> Self:
        """Learn the labels, and with weights="fitted" the weights, from held-out examples.

        Args:
            X: Inputs that no model was trained on.
            y: Their labels.
        """
        checked_value("voting", Choice("soft", "hard"), self.voting, type(self).__name__)
        models = _models(self.models)
        X, numbers = self._labelled_as(X, y)
        self._groups = [TrainedModel(model, number, X[:1]) for number, model in enumerate(models)]
        self._learn_meanings()
        self.weights_ = self._shares(self._weighed(X, numbers), len(models))
        return self

    def _labelled_as(self, X: object, y: object) -> tuple[Array, NDArray[Any]]:
        if self.classes is None:
            return self._labelled(X, y)
        X, numbers = self._labelled(X, y, least=1)
        seen, named = self.classes_, np.asarray(self.classes)
        unknown = [label for label in seen.tolist() if label not in named.tolist()]
        if unknown or len(np.unique(named)) != len(named):
            raise RegkitError(
                f"classes={self.classes!r} must name each label once; y has {seen.tolist()}"
            )
        self.classes_ = named
        place = {label: k for k, label in enumerate(named.tolist())}
        return X, np.array([place[label] for label in seen[numbers].tolist()])

    def _weighed(self, X: Array, numbers: NDArray[Any]) -> ArrayLike:
        if self.weights is None:
            return np.ones(len(self._groups))
        if not isinstance(self.weights, str):
            return self.weights
        if self.weights != "fitted":
            raise OptionError(
                "VotingEnsemble: weights must be numbers, None or 'fitted'; received "
                f"weights={self.weights!r}"
            )
        p = self._probabilities(X)
        if self.voting == "soft":
            return mixture_weights(p, numbers)
        weights = log_odds(p, numbers)
        if not weights.any():
            raise RegkitError("no model is better than chance on the held-out examples")
        return weights

    def _shares(self, given: ArrayLike, count: int) -> Floats:
        weights = np.asarray(given, np.float64)
        fits = weights.shape == (count,) and np.isfinite(weights).all() and weights.min() >= 0
        if not fits or not weights.sum() > 0:
            raise RegkitError(
                f"weights must be {count} finite numbers of at least 0, one for each model and not "
                f"all of them zero; received {given!r}"
            )
        return np.asarray(weights / weights.sum())

    def _member_weights(self) -> Floats | None:
        return self.weights_

    def _way(self) -> str:
        return "mean" if self.voting == "soft" else "vote"


def _models(given: object) -> list[keras.Model]:
    """Return the models.

    Raises:
        RegkitError: for anything else, an empty list, one that is there twice or not compiled.
    """
    models = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if not models:
        raise RegkitError(f"models must be a list of trained Keras models; received {given!r}")
    for place, model in enumerate(models):
        if not isinstance(model, keras.Model):
            raise RegkitError(f"models[{place}] is no keras.Model: {model!r}")
        if not model.compiled:
            raise RegkitError(
                f"models[{place}] is not compiled; its loss says whether it gives probabilities or "
                "logits. Call model.compile"
            )
        if any(model is other for other in models[:place]):
            raise RegkitError(f"models[{place}] is there twice; weights= lets a model count more")
    return models
