"""What ensembles of regressions share: targets, and how outputs are combined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from regkit.core.errors import RegkitError
from regkit.core.members.own_techniques import RecipeOfMembers
from regkit.core.model_building import BuildModel
from regkit.core.options import checked_call
from regkit.ensembles import distilling
from regkit.ensembles.class_outputs import output_of
from regkit.ensembles.combining import (
    RegressionUncertainty,
    combined,
    regression_uncertainty,
)
from regkit.ensembles.estimator import KerasEnsemble
from regkit.ensembles.option_kinds import Count, Verbosity
from regkit.ensembles.plain_model import plain_regressor
from regkit.ensembles.small_models import small_regressor
from regkit.ensembles.trainer import Member, Trainer
from regkit.types import Array

__all__ = ["EnsembleRegressor"]


class EnsembleRegressor(RegressorMixin, KerasEnsemble):  # type: ignore[misc]
    """An ensemble of models of one number, or of several, for each example."""

    _small_model = staticmethod(small_regressor)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _examples(self, X: object, y: object) -> tuple[Array, Array]:
        """Return inputs and targets."""
        how = {"allow_nd": True, "multi_output": True, "y_numeric": True}
        inputs, targets = validate_data(self, X, y, **how)
        self._target_shape = targets.shape[1:]
        return inputs, np.asarray(targets, keras.config.floatx())

    def _validation(self, X: object, y: object) -> tuple[Array, Array]:
        """Return inputs and targets to evaluate.

        Raises:
            RegkitError: for targets of another shape than those of training.
        """
        inputs, targets = self._inputs(X, reset=False), np.asarray(y, keras.config.floatx())
        shape = (len(inputs), *self._target_shape)
        if targets.shape != shape:
            raise RegkitError(
                f"the targets of validation_data must have the shape {shape}; received "
                f"{targets.shape}"
            )
        return inputs, targets

    def _check_model(self, trainer: Trainer, member: Member, X: Array) -> Callable[[Array], Array]:
        """Return what a model's outputs mean; refuse one that does not fit the targets."""
        self._in_shape(output_of(*trainer.first_model(member, X))[None])
        return lambda outputs: self._in_shape(outputs[None])[0]

    def _n_classes(self) -> int | None:
        return None

    def _predictions(self, X: object) -> Array:
        """Return the predictions of all members, (members, examples) or (…, targets).

        Raises:
            RegkitError: for a model with another number of outputs.
        """
        check_is_fitted(self)
        return self._member_outputs(self._inputs(X, reset=False))

    def _learn_meanings(self) -> None:
        """Do nothing: outputs are the targets' own numbers."""

    def _meant(self, place: int, outputs: Array) -> Array:
        return self._in_shape(outputs)

    def _in_shape(self, outputs: Array) -> Array:
        shape = (*outputs.shape[:2], *self._target_shape)
        if outputs.size != np.prod(shape):
            raise RegkitError(
                f"build_model gave a model whose output has the shape {outputs.shape[2:]}; the "
                f"targets have {self._target_shape}"
            )
        return outputs.reshape(shape)

    def predict(self, X: object) -> Array:
        """Return what the members predict together, in the shape of the targets."""
        return combined(self._predictions(X), self._way(), self._member_weights())

    def uncertainty(self, X: object) -> RegressionUncertainty:
        """Return mean and variance of the members' predictions."""
        return regression_uncertainty(self._predictions(X), self._member_weights())

    def to_keras(self) -> keras.Model:
        """Return the ensemble as one plain Keras model, whose output is `predict`'s.

        It is saved, loaded and served without regkit. Its output has an axis of targets, also for
        a single one.
        """
        check_is_fitted(self)
        return plain_regressor(self._beside(), self._way(), self._member_weights())

    @checked_call
    def distill(
        self,
        build_student: BuildModel,
        X: object,
        *,
        epochs: Count = 20,
        batch_size: Count = 32,
        callbacks: RecipeOfMembers = None,
        random_state: object = None,
        verbose: Verbosity = 0,
    ) -> keras.Model:
        """Return a small model that has learned the ensemble's outputs, which needs no targets.

        It is trained by its own loss on what the ensemble predicts.

        Args:
            build_student: Returns a compiled model, as `build_model` does.
            X: Inputs, of any examples.
            epochs: The number of epochs.
            batch_size: The number of examples in a step.
            callbacks: Techniques for the student.
            random_state: As scikit-learn has it.
            verbose: 1 shows progress.
        """
        inputs = self._inputs(X, reset=False)
        how = {"epochs": epochs, "batch_size": batch_size, "verbose": verbose}
        return distilling.student(
            build_student, inputs, self.predict(X), callbacks, random_state, **how
        )
