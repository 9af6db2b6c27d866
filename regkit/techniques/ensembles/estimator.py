"""What all ensembles share: a scikit-learn estimator whose members are trained Keras models."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from regkit.core.errors import OptionError, RegkitError, suggest
from regkit.core.members.course import History
from regkit.core.members.result import Members, joined
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.options import checked_value, constraints_of
from regkit.techniques.ensembles.trainer import is_finite
from regkit.types import Array

__all__ = ["BuildModels", "EnsembleClassifier", "EnsembleRegressor", "KerasEnsemble"]

BuildModels: TypeAlias = BuildModel | Sequence[BuildModel]

_BATCH = 256  # examples that are predicted at once


class KerasEnsemble(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """The base of the ensembles: what a fitted one holds, and its checks.

    A subclass's `__init__` declares its options and stores them as they are, as scikit-learn's
    `clone` asks; they are checked in `fit`.
    """

    _of_a_fit = ("epochs", "batch_size", "shuffle", "callbacks", "validation_data", "verbose")
    _groups: list[Members]
    diverged_: list[int]

    # -- what is given -------------------------------------------------------------------------

    def _options(self, fit_options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a fit: those of the constructor, over them those of `fit`.

        Raises:
            OptionError: for an impossible or unknown one.
        """
        for name in fit_options:
            if name not in self._of_a_fit:
                raise OptionError(
                    f"fit has no option {name!r}{suggest(name, self._of_a_fit) or '.'} Its options "
                    f"are {', '.join(self._of_a_fit)}; others are given to {type(self).__name__}"
                )
        options = {"validation_data": None, **self.get_params(deep=False), **fit_options}
        declared = constraints_of(type(self).__init__)
        owner = type(self).__name__
        return {
            name: checked_value(name, declared[name], value, owner) if name in declared else value
            for name, value in options.items()
        }

    def _builders(self) -> tuple[ModelBuilder, ...]:
        """Return what builds models: one function, or several that are taken in turn."""
        given = self.build_model
        if isinstance(given, Sequence) and not isinstance(given, str):
            if not given:
                raise RegkitError("build_model is an empty list; give a function or more")
            return tuple(ModelBuilder(function) for function in given)
        return (ModelBuilder(given),)

    def _root(self) -> int:
        """Return the seed from which all chance follows."""
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _inputs(self, X: Any, **how: Any) -> Any:
        return validate_data(self, X, allow_nd=True, **how)

    def _weights(self, given: Any, count: int) -> Array | None:
        """Return the weights of the examples.

        Raises:
            RegkitError: for other shapes, numbers below zero, or zeros only.
        """
        if given is None:
            return None
        weights = np.asarray(given, np.float64)
        weights = np.full(count, float(weights)) if weights.ndim == 0 else weights
        if weights.shape != (count,):
            raise RegkitError(
                f"sample_weight.shape must be ({count},), one for each example; received "
                f"{weights.shape}"
            )
        if not np.isfinite(weights).all() or weights.min() < 0 or not weights.sum() > 0:
            raise RegkitError(
                "sample_weight must be finite numbers of at least 0, and not all of them zero"
            )
        return weights

    # -- what is fitted ------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_groups")

    def _collect(self, parts: Iterator[Members], total: int) -> None:
        """Become the ensemble of members as they are finished; of those there are, if broken off.

        Raises:
            RegkitError: where all have diverged.
        """
        finished: list[Members] = []
        try:
            for part in parts:
                finished.append(part)  # noqa: PERF402  # what is there stays if the next one fails
        except BaseException as error:
            if finished:
                self._take(finished)
                error.add_note(
                    f"{len(self._places())} of {total} members are finished; the ensemble predicts "
                    "with these"
                )
            raise
        self._take(finished)

    def _take(self, parts: list[Members]) -> None:
        kinds: list[list[Members]] = []
        diverged: list[int] = []
        for part in parts:
            finite = [place for place in range(len(part)) if is_finite(part, place)]
            diverged += [part.numbers[place] for place in range(len(part)) if place not in finite]
            if finite:
                own = part.chosen(finite)
                same = next((kind for kind in kinds if kind[0].is_like(own)), None)
                kinds.append([own]) if same is None else same.append(own)
        if not kinds:
            raise RegkitError(
                f"all {len(diverged)} members diverged: their weights are no finite numbers. A "
                "smaller learning rate, scaled inputs or `clipnorm` of the optimizer help"
            )
        self._groups = [joined(kind) for kind in kinds]
        self.diverged_ = sorted(diverged)
        if diverged:
            warnings.warn(
                f"members {self.diverged_} diverged and are left out: their weights are no finite "
                "numbers",
                stacklevel=4,
            )

    @property
    def estimators_(self) -> list[keras.Model]:
        """The members as plain Keras models, in the order of their numbers."""
        check_is_fitted(self)
        return [group[place] for group, place in self._places()]

    @property
    def histories_(self) -> list[History]:
        """For each member the logs of its epochs: lists by name."""
        check_is_fitted(self)
        return [group.histories[place] for group, place in self._places()]

    @property
    def estimators_features_(self) -> list[Array]:
        """For each member the numbers of the columns that it sees."""
        check_is_fitted(self)
        every: Any = np.arange(self.n_features_in_)
        columns: list[tuple[Any, int]] = [
            (group.features, place) for group, place in self._places()
        ]
        return [every if own is None else own[place] for own, place in columns]

    def _places(self) -> list[tuple[Members, int]]:
        """Return each member's group and its place there, in the order of their numbers."""
        rows = [(group, place) for group in self._groups for place in range(len(group))]
        return sorted(rows, key=lambda row: row[0].numbers[row[1]])

    def _member_outputs(self, X: Array) -> Array:
        """Return the outputs of all members, (members, examples, …)."""
        by_number = {
            number: output
            for group in self._groups
            for number, output in zip(group.numbers, group.predict(X, _BATCH), strict=True)
        }
        return np.stack([by_number[number] for number in sorted(by_number)])


class EnsembleClassifier(ClassifierMixin, KerasEnsemble):  # type: ignore[misc]
    """An ensemble of classifiers: labels of any kind reach the models as 0…K−1."""

    classes_: Array

    def _labelled(self, X: Any, y: Any) -> tuple[Array, Array]:
        """Return inputs and class numbers, and learn the classes.

        Raises:
            RegkitError: for a single class.
        """
        X, y = validate_data(self, X, y, allow_nd=True)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(self.classes_) < 2:
            raise RegkitError(
                f"y has one class only, {self.classes_[0]!r}; a classifier needs two or more"
            )
        return X, numbers.astype("int32")

    def _validation(self, given: Any) -> tuple[Array, Array]:
        """Return inputs and class numbers to evaluate.

        Raises:
            RegkitError: for labels that the training examples do not have.
        """
        X, y = pair(given)
        y = np.asarray(y)
        unknown = sorted({*y.tolist()} - {*self.classes_.tolist()}, key=str)
        if unknown:
            raise RegkitError(
                f"validation_data has labels that the training examples do not have: {unknown}"
            )
        return self._inputs(X, reset=False), np.searchsorted(self.classes_, y).astype("int32")

    @property
    def n_classes_(self) -> int:
        """The number of classes."""
        return len(self.classes_)


class EnsembleRegressor(RegressorMixin, KerasEnsemble):  # type: ignore[misc]
    """An ensemble of models of one number, or of several, for each example."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _targeted(self, X: Any, y: Any) -> tuple[Array, Array]:
        """Return inputs and targets."""
        X, y = validate_data(self, X, y, allow_nd=True, multi_output=True, y_numeric=True)
        self._target_shape = y.shape[1:]
        return X, np.asarray(y, keras.config.floatx())

    def _validation(self, given: Any) -> tuple[Array, Array]:
        """Return inputs and targets to evaluate."""
        X, y = pair(given)
        return self._inputs(X, reset=False), np.asarray(y, keras.config.floatx())

    def _predictions(self, X: Any) -> Array:
        """Return the predictions of all members, (members, examples) or (…, targets).

        Raises:
            RegkitError: for a model with another number of outputs.
        """
        check_is_fitted(self)
        return self._in_shape(self._member_outputs(self._inputs(X, reset=False)))

    def _in_shape(self, outputs: Array) -> Array:
        shape = (*outputs.shape[:2], *self._target_shape)
        if outputs.size != np.prod(shape):
            raise RegkitError(
                f"build_model gave a model whose output has the shape {outputs.shape[2:]}; the "
                f"targets have {self._target_shape}"
            )
        return outputs.reshape(shape)


def pair(given: Any) -> tuple[Any, Any]:
    """Return the parts of `validation_data`.

    Raises:
        RegkitError: for something else than (X, y).
    """
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise RegkitError(f"validation_data must be (X, y); received {type(given).__name__}")
    return given[0], given[1]
