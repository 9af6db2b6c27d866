"""Distillation: a student learns what an ensemble predicts."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from regkit.core.errors import RegkitError
from regkit.core.members.engines import train_in_turn
from regkit.core.members.made import Blueprint, Made, ambient_of
from regkit.core.members.own_techniques import RecipeOfMembers, techniques_of
from regkit.core.members.progress_bar import shown
from regkit.core.members.training import checked_training
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.seam.pure_step import create_variables, read_state
from regkit.ensembles.class_outputs import class_outputs, output_of
from regkit.types import Array, Tensor

__all__ = ["DistillationLoss", "softened", "student", "student_classifier"]


def softened(probabilities: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Return distributions at a temperature: q_c = p_c^(1/T) / Σ_k p_k^(1/T).

    For p = softmax(z) that is softmax(z / T).

    Example:
        >>> softened([[0.8, 0.2]], 2.0).round(3)
        array([[0.667, 0.333]])
    """
    p = np.asarray(probabilities, np.float64)
    powers = (p / p.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


class DistillationLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """T² · KL(q ‖ p) of softened targets q and a student's outputs at the temperature T.

    Source: Hinton et al., "Distilling the Knowledge in a Neural Network" (2015), section 2.

    Args:
        temperature: T.
        from_logits: Whether outputs are logits, and not probabilities.
        one_output: Whether there is a single output, of the second of two classes.
    """

    def __init__(self, temperature: float, from_logits: bool, one_output: bool) -> None:
        super().__init__(name="distillation")
        self.temperature = temperature
        self.from_logits, self.one_output = from_logits, one_output

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each example."""
        if self.one_output:
            y_pred = ops.reshape(y_pred, (-1, 1))
        if not self.from_logits:
            tiny = keras.config.epsilon()
            p = ops.clip(y_pred, tiny, 1 - tiny)
            y_pred = ops.log(p) - ops.log(1 - p) if self.one_output else ops.log(p)
        if self.one_output:
            y_pred = ops.concatenate([ops.zeros_like(y_pred), y_pred], axis=-1)
        log_p = ops.log_softmax(y_pred / self.temperature, axis=-1)
        log_q = ops.log(ops.maximum(y_true, keras.config.epsilon()))
        return self.temperature**2 * ops.sum(y_true * (log_q - log_p), axis=-1)


class Lesson(keras.Model):  # type: ignore[misc]  # Keras is untyped
    """A student with a loss of the lesson's, which leaves what the student was compiled with."""

    def __init__(self, student: keras.Model) -> None:
        super().__init__()
        self.student = student

    def call(self, x: Any, training: bool = False) -> Any:
        return self.student(x, training=training)


def student_classifier(
    build_student: BuildModel,
    x: Array,
    targets: Array,
    temperature: float,
    callbacks: RecipeOfMembers,
    random_state: object,
    **how: int,
) -> keras.Model:
    """Return a student that has learned softened distributions.

    Args:
        build_student: Returns a compiled model.
        x: Inputs.
        targets: Distributions at the temperature, (examples, classes).
        temperature: T.
        callbacks: Techniques.
        random_state: As scikit-learn has it.
        **how: epochs, batch_size, verbose.

    Raises:
        RegkitError: for a model that does not fit the classes.
    """
    n_classes = targets.shape[1]
    model, seed = _built(build_student, x, targets, n_classes, random_state)
    meaning = class_outputs(model, output_of(model, x[:1]).shape, n_classes)
    loss = DistillationLoss(temperature, meaning.activation is not None, meaning.n_outputs == 1)
    return _taught(model, loss, x, targets, callbacks, seed, **how)


def student(
    build_student: BuildModel,
    x: Array,
    targets: Array,
    callbacks: RecipeOfMembers,
    random_state: object,
    **how: int,
) -> keras.Model:
    """Return a student that has learned numbers, by its own loss.

    The arguments are those of `student_classifier`.

    Raises:
        RegkitError: for a model with another number of outputs.
    """
    model, seed = _built(build_student, x, targets, None, random_state)
    shape = output_of(model, x[:1]).shape
    if np.prod(shape[1:]) != np.prod(targets.shape[1:]):
        raise RegkitError(
            f"build_student gave a model whose output has the shape {shape[1:]}; the ensemble's "
            f"has {targets.shape[1:]}"
        )
    return _taught(model, model.loss, x, targets, callbacks, seed, **how)


def _built(
    build_student: BuildModel, x: Array, targets: Array, n_classes: int | None, random_state: object
) -> tuple[keras.Model, int]:
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    few: Any = (x[:1], np.zeros(1, "int32") if n_classes is not None else targets[:1])
    blueprint = Blueprint(ModelBuilder(build_student), x.shape[1:], n_classes, few)
    return blueprint.model(0, seed), seed


def _taught(
    model: keras.Model,
    loss: Any,
    x: Array,
    targets: Array,
    callbacks: RecipeOfMembers,
    seed: int,
    *,
    epochs: int,
    batch_size: int,
    verbose: int,
) -> keras.Model:
    """Return a model that was trained by a loss, and is compiled as it was."""
    taught = Lesson(model)
    taught.compile(model.optimizer, loss)
    training = checked_training(
        x,
        targets,
        1,
        None,
        None,
        None,
        None,
        epochs=epochs,
        batch_size=batch_size,
        validation_batch_size=batch_size,
        shuffle=True,
    )
    create_variables(taught, training.batch())
    made = Made(seed, ambient_of(seed), read_state(taught), techniques_of(callbacks)(0))
    with shown(epochs, verbose) as done:
        train_in_turn(taught, [made], training, "there is one student only", done)
    return model
