"""What all ensembles share: a scikit-learn estimator whose members are trained Keras models."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from regkit.core.errors import OptionError, RegkitError, suggest
from regkit.core.host.by_value import ByValue
from regkit.core.members.course import History
from regkit.core.members.result import Members, joined
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.options import checked_value, constraints_of
from regkit.ensembles.combining import Floats
from regkit.ensembles.plain_model import Beside
from regkit.ensembles.trained_model import TrainedModel
from regkit.ensembles.trainer import PREDICTED_AT_ONCE, is_finite
from regkit.types import Array

__all__ = ["BuildModels", "KerasEnsemble", "pair"]

BuildModels: TypeAlias = BuildModel | Sequence[BuildModel]

_FUNCTIONS = ("build_model", "callbacks")  # options that may be functions of a script or a notebook


class KerasEnsemble(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """The base of the ensembles: what a fitted one holds, and its checks.

    A subclass's `__init__` declares its options and stores them as they are, as scikit-learn's
    `clone` asks; they are checked in `fit`.
    """

    _of_a_fit = ("epochs", "batch_size", "shuffle", "callbacks", "validation_data", "verbose")
    _groups: Sequence[Members | TrainedModel]
    diverged_: list[int]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        return {k: ByValue(v) if k in _FUNCTIONS else v for k, v in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = {k: v.value if isinstance(v, ByValue) else v for k, v in state.items()}
        super().__setstate__(own)

    # -- what is given -------------------------------------------------------------------------

    def _options(self, fit_options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a fit: those of the constructor, over them those of `fit`.

        What an earlier fit has made is forgotten: if this one fails, nothing is left of two.

        Raises:
            OptionError: for an impossible or unknown one.
        """
        if hasattr(self, "_groups"):
            del self._groups
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
                with contextlib.suppress(RegkitError):  # all of them diverged
                    self._take(finished)
                    error.add_note(
                        f"{len(self._places())} of {total} members are finished; the ensemble "
                        "predicts with these"
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
                same = next((kind for kind in kinds if self._are_alike(kind[0], own)), None)
                kinds.append([own]) if same is None else same.append(own)
        if not parts:
            raise RegkitError("training ended before a member was finished (early stopping?)")
        if not kinds:
            raise RegkitError(
                f"all {len(diverged)} members diverged: their weights are no finite numbers. A "
                "smaller learning rate, scaled inputs or `clipnorm` of the optimizer help"
            )
        self._groups = [joined(kind) for kind in kinds]
        self._learn_meanings()
        self.diverged_ = sorted(diverged)
        if diverged:
            warnings.warn(
                f"members {self.diverged_} diverged and are left out: their weights are no finite "
                "numbers",
                stacklevel=5,
            )

    def _are_alike(self, one: Members, other: Members) -> bool:
        """Return whether one model can stand for both: built by one function, and alike."""
        apart = one.numbers[0] - other.numbers[0]
        return apart % len(self._builders()) == 0 and one.is_like(other)

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

    def _member_weights(self) -> Floats | None:
        """Return how much each member counts; None for all alike."""
        return None

    def _way(self) -> str:
        """Return how the members' outputs are combined."""
        return str(getattr(self, "combine", "mean"))

    def _beside(self) -> Beside:
        """Return models of the members' own, and what all of them are given."""
        models = [group.built(place) for group, place in self._places()]
        columns = self.estimators_features_
        if all(len(own) == self.n_features_in_ for own in columns):
            return Beside(models, None, self._groups[0].input_shape)
        return Beside(models, columns, (self.n_features_in_,))

    def _places(self) -> list[tuple[Members | TrainedModel, int]]:
        """Return each member's group and its place there, in the order of their numbers."""
        rows = [(group, place) for group in self._groups for place in range(len(group))]
        return sorted(rows, key=lambda row: row[0].numbers[row[1]])

    def _member_outputs(self, X: Array) -> Array:
        """Return what all members say: (members, examples, …), probabilities or predictions."""
        by_number: dict[int, Array] = {}
        for place, group in enumerate(self._groups):
            outputs = self._meant(place, np.asarray(group.predict(X, PREDICTED_AT_ONCE)))
            by_number |= dict(zip(group.numbers, outputs, strict=True))
        return np.stack([by_number[number] for number in sorted(by_number)])

    def _meant(self, place: int, outputs: Array) -> Array:
        """Return what the outputs of a group's models mean."""
        raise NotImplementedError

    def _learn_meanings(self) -> None:
        """Learn what the outputs of each group's models mean."""


def pair(given: Any) -> tuple[Any, Any]:
    """Return the parts of `validation_data`.

    Raises:
        RegkitError: for something else than (X, y).
    """
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise RegkitError(f"validation_data must be (X, y); received {type(given).__name__}")
    return given[0], given[1]
