"""What ensembles share that train their members: options, data, what becomes of the trained."""

from __future__ import annotations

import contextlib
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeAlias

import keras
import numpy as np
from sklearn.utils import check_random_state

from regkit.core.errors import OptionError, RegkitError, suggest
from regkit.core.members.result import Members, joined
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.options import checked_value, constraints_of
from regkit.ensembles.estimator import KerasEnsemble
from regkit.ensembles.trainer import Data, Job, Member, Trainer, is_finite
from regkit.types import Array

__all__ = ["BuildModels", "Meaning", "TrainingEnsemble"]

BuildModels: TypeAlias = BuildModel | Sequence[BuildModel]
Meaning: TypeAlias = Callable[[Array], Array]  # of a model's outputs

_OF_A_FIT = ("epochs", "batch_size", "shuffle", "callbacks", "validation_data", "verbose")


class TrainingEnsemble(KerasEnsemble):
    """The base of those ensembles that train their members."""

    diverged_: list[int]
    _small_model: BuildModel  # on which it is checked

    def fit(self, X: object, y: object, sample_weight: object = None, **fit_options: Any) -> Self:
        """Train the members.

        Args:
            X: Inputs, (examples, columns), or examples of any shape.
            y: Labels, numbers or texts; of a regression the targets, (examples,) or
                (examples, targets).
            sample_weight: Weights of the examples.
            **fit_options: Over those of the constructor: epochs, batch_size, shuffle, callbacks,
                verbose; and validation_data, (X, y), evaluated after each epoch.
        """
        options = self._options(fit_options)
        X, y = self._examples(X, y)
        if options["validation_data"] is not None:
            options["validation_data"] = self._validation(*_pair(options["validation_data"]))
        X = X.astype(keras.config.floatx()) if X.dtype.kind == "f" else X  # as Keras does in fit
        self._fit(X, y, self._weights(sample_weight, len(X)), options)
        return self

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return new instances for the conformance checks to run on."""
        return [cls(cls._small_model, 2, epochs=2, batch_size=8, random_state=0)]

    @abstractmethod
    def _examples(self, X: object, y: object) -> tuple[Array, Array]:
        """Return inputs and targets as the models take them, and learn what they are."""

    @abstractmethod
    def _validation(self, X: object, y: object) -> tuple[Array, Array]:
        """Return inputs and targets to evaluate."""

    @abstractmethod
    def _fit(self, X: Array, y: Array, weights: Array | None, options: dict[str, Any]) -> None:
        """Train the members."""

    @abstractmethod
    def _n_classes(self) -> int | None:
        """Return the number of classes; None for a regression."""

    @abstractmethod
    def _check_model(self, trainer: Trainer, member: Member, X: Array) -> Meaning:
        """Return what a model's outputs mean; refuse one that does not fit the targets."""

    @abstractmethod
    def _learn_meanings(self) -> None:
        """Learn what the outputs of each group's models mean."""

    def _options(self, fit_options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a fit: those of the constructor, over them those of `fit`.

        What an earlier fit has made is forgotten: if this one fails, nothing is left of two.

        Raises:
            OptionError: for an impossible or unknown one.
        """
        if hasattr(self, "_groups"):
            del self._groups
        for name in fit_options:
            if name not in _OF_A_FIT:
                raise OptionError(
                    f"fit has no option {name!r}{suggest(name, _OF_A_FIT) or '.'} Its options "
                    f"are {', '.join(_OF_A_FIT)}; others are given to {type(self).__name__}"
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

    def _weights(self, given: object, count: int) -> Array | None:
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

    def _trainer(
        self, X: Array, y: Array, weights: Array | None, options: dict[str, Any], together: bool
    ) -> Trainer:
        """Return what trains the members on examples."""
        job = Job(
            self._builders(),
            options["callbacks"],
            self._n_classes(),
            options["epochs"],
            options["batch_size"],
            options["shuffle"],
            together,
        )
        return Trainer(job, Data(X, y, weights, options["validation_data"] or ()))

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


def _pair(given: object) -> tuple[Any, Any]:
    """Return the parts of `validation_data`.

    Raises:
        RegkitError: for something else than (X, y).
    """
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise RegkitError(f"validation_data must be (X, y); received {type(given).__name__}")
    return given[0], given[1]
