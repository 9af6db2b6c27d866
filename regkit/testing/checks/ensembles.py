"""Ensembles: what every one of them owes, as an estimator of scikit-learn's kind."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped, attempted
from regkit.testing.subject import Subject
from regkit.types import Array

__all__ = ["ensemble_copies", "ensemble_predictions", "ensemble_randomness"]

_EXAMPLES, _COLUMNS = 24, 3
_LABELS = np.array(["high", "low", "middle"])


def _examples(ensemble: Any) -> tuple[Array, Array]:
    """Return inputs and what is to be predicted: labels of a classifier, else numbers.

    Raises:
        CheckFailed: for what is neither a classifier nor a regressor of scikit-learn's.
    """
    from sklearn.base import BaseEstimator, is_classifier, is_regressor

    kinds = isinstance(ensemble, BaseEstimator) and (
        is_classifier(ensemble),
        is_regressor(ensemble),
    )
    if not kinds or not any(kinds):
        raise CheckFailed(
            "an ensemble derives from sklearn.base.BaseEstimator, and from ClassifierMixin or "
            "RegressorMixin",
            f"{type(ensemble).__name__} does not",
            f"write class {type(ensemble).__name__}(ClassifierMixin, BaseEstimator)",
        )
    rng = np.random.default_rng(1)
    classes = np.arange(_EXAMPLES) % len(_LABELS)
    x = np.eye(len(_LABELS), _COLUMNS)[classes] + 0.5 * rng.normal(size=(_EXAMPLES, _COLUMNS))
    y = _LABELS[classes] if is_classifier(ensemble) else x.sum(axis=1)
    return x.astype("float32"), y


def _fitted(subject: Subject) -> tuple[Any, Array, Array]:
    """Return a fitted ensemble, the inputs and what was to be predicted.

    Raises:
        CheckFailed: where `fit` raises.
    """
    ensemble = subject.make()
    x, y = _examples(ensemble)
    with attempted(
        f"fit(X, y) takes {_EXAMPLES} examples of {_COLUMNS} columns, with labels of the "
        f"{len(_LABELS)} classes {_LABELS.tolist()} or with numbers",
        "return ensembles that fit such examples from a classmethod checked_as",
    ):
        ensemble.fit(x, y)
    return ensemble, x, y


@check("ensemble")
def ensemble_predictions(subject: Subject) -> None:
    """Every example gets one prediction, a known label or a finite number; the data stay."""
    ensemble, x, y = _fitted(subject)
    before, _ = _examples(ensemble)
    with attempted("predict(X) takes the examples of fit", "let predict take what fit takes"):
        predictions = np.asarray(ensemble.predict(x))
    if not np.array_equal(x, before):
        raise CheckFailed("X stays as it was given", "it was changed in place", "work on a copy")
    if predictions.shape != y.shape:
        raise CheckFailed(
            f"predict gives the shape {y.shape}, one prediction for each example",
            f"it gives {predictions.shape}",
            "combine the members' outputs over the members' axis only",
        )
    known = np.isin(predictions, y) if y.dtype.kind == "U" else np.isfinite(predictions)
    if not known.all():
        raise CheckFailed(
            "predictions are labels that fit has seen" if y.dtype.kind == "U" else "finite numbers",
            f"there is {predictions[~known][0]!r}",
            "translate class numbers back by classes_; leave out members that have diverged",
        )
    if hasattr(ensemble, "predict_proba"):
        total = np.asarray(ensemble.predict_proba(x)).sum(axis=1)
        if not np.allclose(total, 1, atol=1e-5):
            raise CheckFailed(
                "the probabilities of an example sum to 1",
                f"they sum to {float(total[np.abs(total - 1).argmax()])}",
                "average probabilities, not logits, and divide by the sum of the weights",
            )


@check("ensemble")
def ensemble_randomness(subject: Subject) -> None:
    """Two fits of one `random_state` predict the same to the bit."""
    if "random_state" not in subject.make().get_params():
        raise CheckSkipped("it has no random_state")
    first, x, _ = _fitted(subject)
    second, *_ = _fitted(subject)
    if not np.array_equal(_outputs(first, x), _outputs(second, x)):
        raise CheckFailed(
            "two fits of one random_state are equal",
            "they predict different numbers",
            "draw from check_random_state(self.random_state) and nothing else",
        )


@check("ensemble")
def ensemble_copies(subject: Subject) -> None:
    """`clone` keeps the options and nothing learned, and a pickle predicts the same."""
    from sklearn.base import clone

    ensemble, x, _ = _fitted(subject)
    with attempted(
        "sklearn.base.clone copies it",
        "store every argument of __init__ as it is, under its name, and change it nowhere",
    ):
        copy = clone(ensemble)
    learned = sorted(set(vars(copy)) - set(vars(subject.make())))
    if learned:
        raise CheckFailed(
            "a clone has learned nothing", f"it has {', '.join(learned)}", "set these in fit"
        )
    fix = "keep what is learned in attributes that pickle takes: arrays, Keras models"
    with attempted("pickle takes a fitted one", fix):
        again = pickle.loads(pickle.dumps(ensemble))
    if not np.array_equal(_outputs(again, x), _outputs(ensemble, x)):
        raise CheckFailed(
            "an ensemble that was pickled predicts the same", "it predicts otherwise", fix
        )


def _outputs(ensemble: Any, x: Array) -> Array:
    """Return what tells more than labels, where there is more."""
    return np.asarray(getattr(ensemble, "predict_proba", ensemble.predict)(x))
