"""What ensembles of classifiers share: labels, what outputs mean, how they are combined."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from regkit.core.errors import RegkitError
from regkit.core.members.own_techniques import RecipeOfMembers
from regkit.core.model_building import BuildModel
from regkit.core.options import checked_call
from regkit.ensembles import distilling
from regkit.ensembles.class_outputs import ClassOutputs, class_outputs, output_of
from regkit.ensembles.combining import ClassUncertainty, class_uncertainty, combined
from regkit.ensembles.estimator import KerasEnsemble
from regkit.ensembles.option_kinds import Count, Positive, Verbosity
from regkit.ensembles.plain_model import plain_classifier
from regkit.ensembles.small_models import small_classifier
from regkit.ensembles.trainer import Member, Trainer
from regkit.types import Array

__all__ = ["EnsembleClassifier"]


class EnsembleClassifier(ClassifierMixin, KerasEnsemble):  # type: ignore[misc]
    """An ensemble of classifiers: labels of any kind reach the models as 0…K−1."""

    classes_: Array
    _meanings: list[ClassOutputs]  # of each group
    _small_model = staticmethod(small_classifier)

    def _labelled(self, X: object, y: object, least: int = 2) -> tuple[Array, Array]:
        """Return inputs and class numbers, and learn the classes.

        Raises:
            RegkitError: for a single class.
        """
        inputs, labels = validate_data(self, X, y, allow_nd=True)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(column_or_1d(labels, warn=True), return_inverse=True)
        if len(self.classes_) < least:
            raise RegkitError(
                f"y has one class only, {self.classes_[0]!r}; a classifier needs two or more"
            )
        return inputs, numbers.astype("int32")

    def _examples(self, X: object, y: object) -> tuple[Array, Array]:
        return self._labelled(X, y)

    def _validation(self, X: object, y: object) -> tuple[Array, Array]:
        """Return inputs and class numbers to evaluate.

        Raises:
            RegkitError: for labels that the training examples do not have.
        """
        labels = column_or_1d(y, warn=True)
        unknown = sorted({*labels.tolist()} - {*self.classes_.tolist()}, key=str)
        if unknown:
            raise RegkitError(
                f"validation_data has labels that the training examples do not have: {unknown}"
            )
        numbers = np.searchsorted(self.classes_, labels).astype("int32")
        return self._inputs(X, reset=False), numbers

    @property
    def n_classes_(self) -> int:
        """The number of classes."""
        return len(self.classes_)

    def predict_proba(self, X: object) -> Array:
        """Return the probability of each class, or its share of the votes, (examples, classes)."""
        return combined(self._probabilities(X), self._way(), self._member_weights())

    def predict(self, X: object) -> Array:
        """Return the most probable label of each example."""
        check_is_fitted(self)
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def uncertainty(self, X: object) -> ClassUncertainty:
        """Return entropy, mutual information of class and member, and variance, in nats."""
        return class_uncertainty(self._probabilities(X), self._member_weights())

    def to_keras(self) -> keras.Model:
        """Return the ensemble as one plain Keras model, whose output is `predict_proba`'s.

        It is saved, loaded and served without regkit. Its output k is the class `classes_[k]`.
        """
        check_is_fitted(self)
        by_group = dict(zip(map(id, self._groups), self._meanings, strict=True))
        meanings = [by_group[id(group)] for group, _ in self._places()]
        return plain_classifier(self._beside(), meanings, self._way(), self._member_weights())

    @checked_call
    def distill(
        self,
        build_student: BuildModel,
        X: object,
        *,
        temperature: Positive = 2.0,
        epochs: Count = 20,
        batch_size: Count = 32,
        callbacks: RecipeOfMembers = None,
        random_state: object = None,
        verbose: Verbosity = 0,
    ) -> keras.Model:
        """Return a small model that has learned the ensemble's outputs, which needs no labels.

        The loss is T² · KL(q ‖ p) of the distributions at a temperature T, q ∝ p̄^(1/T) of the
        ensemble and p of the student, so that gradients keep their size at every T.

        Source: Hinton et al., "Distilling the Knowledge in a Neural Network" (2015), section 2.

        Args:
            build_student: Returns a compiled model, as `build_model` does. Its optimizer trains it;
                its loss says whether it gives probabilities or logits.
            X: Inputs, of any examples.
            temperature: T, above 0; the higher, the more the small probabilities count.
            epochs: The number of epochs.
            batch_size: The number of examples in a step.
            callbacks: Techniques for the student.
            random_state: As scikit-learn has it.
            verbose: 1 shows progress.
        """
        inputs = self._inputs(X, reset=False)
        targets = distilling.softened(self.predict_proba(X), temperature)
        how = {"epochs": epochs, "batch_size": batch_size, "verbose": verbose}
        return distilling.student_classifier(
            build_student, inputs, targets, temperature, callbacks, random_state, **how
        )

    def _check_model(self, trainer: Trainer, member: Member, X: Array) -> ClassOutputs:
        """Return what a model's outputs mean; refuse one that does not fit the labels."""
        model, x = trainer.first_model(member, X)
        output = output_of(model, x)
        meaning = class_outputs(model, output.shape, self.n_classes_)
        meaning(output)  # what is no distribution is refused before training
        return meaning

    def _learn_meanings(self) -> None:
        self._meanings = [
            class_outputs(model, output_of(model, group.example).shape, self.n_classes_)
            for group in self._groups
            for model in [group[0]]
        ]

    def _meant(self, place: int, outputs: Array) -> Array:
        return self._meanings[place](outputs)

    def _n_classes(self) -> int | None:
        return self.n_classes_

    def _probabilities(self, X: object) -> Array:
        """Return the probabilities of all members, (members, examples, classes)."""
        check_is_fitted(self)
        return self._member_outputs(self._inputs(X, reset=False))
