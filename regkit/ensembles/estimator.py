"""What all ensembles share: a scikit-learn estimator whose members are trained Keras models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from regkit.core.host.by_value import ByValue
from regkit.core.members.course import History
from regkit.core.members.result import Members
from regkit.ensembles.combining import Floats
from regkit.ensembles.plain_model import Beside
from regkit.ensembles.trained_model import TrainedModel
from regkit.ensembles.trainer import PREDICTED_AT_ONCE
from regkit.types import Array

__all__ = ["KerasEnsemble"]

_FUNCTIONS = ("build_model", "callbacks")  # options that may be functions of a script or a notebook


class KerasEnsemble(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn is untyped
    """The base of the ensembles: what a fitted one holds, and what its members say.

    A subclass's `__init__` declares its options and stores them as they are, as scikit-learn's
    `clone` asks; they are checked in `fit`.
    """

    _groups: Sequence[Members | TrainedModel]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        return {k: ByValue(v) if k in _FUNCTIONS else v for k, v in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = {k: v.value if isinstance(v, ByValue) else v for k, v in state.items()}
        super().__setstate__(own)

    def _inputs(self, X: object, **how: Any) -> Any:
        return validate_data(self, X, allow_nd=True, **how)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_groups")

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

    @abstractmethod
    def _meant(self, place: int, outputs: Array) -> Array:
        """Return what the outputs of a group's models mean."""
