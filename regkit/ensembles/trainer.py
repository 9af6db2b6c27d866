"""Training the members of an ensemble in this process."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.members.alike import NotAlike, description, require_alike
from regkit.core.members.cannot_stack import CannotStack
from regkit.core.members.engines import Done, train_in_turn, train_together
from regkit.core.members.made import Blueprint, Made, make
from regkit.core.members.own_techniques import RecipeOfMembers, techniques_of
from regkit.core.members.result import Members
from regkit.core.members.together import why_in_turn
from regkit.core.members.training import Training, checked_training
from regkit.core.model_building import ModelBuilder
from regkit.core.seam.pure_step import read_state
from regkit.ensembles.drawing import Draw
from regkit.types import Array

__all__ = ["PREDICTED_AT_ONCE", "Data", "Job", "Member", "Trainer", "is_finite"]

PREDICTED_AT_ONCE = 256  # examples


@dataclass(frozen=True)
class Job:
    """What all members of an ensemble have in common.

    Attributes:
        builders: What builds their models, taken in turn.
        recipe: Their techniques.
        n_classes: The number of classes; None for a regression.
        epochs: The number of epochs.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        together: Whether to train members as one computation, where that can be and is faster.
    """

    builders: tuple[ModelBuilder, ...]
    recipe: RecipeOfMembers
    n_classes: int | None
    epochs: int
    batch_size: int
    shuffle: bool
    together: bool

    def builder(self, number: int) -> int:
        """Return the place of the builder of a member."""
        return number % len(self.builders)


@dataclass(frozen=True)
class Data:
    """What all members are trained on, each on its own part of it.

    Attributes:
        x: Inputs.
        y: Targets.
        weights: Of the examples, or None.
        validation: Inputs and targets to evaluate after each epoch, or nothing.
    """

    x: Array
    y: Array
    weights: Array | None = None
    validation: tuple[Array, ...] = ()


@dataclass(frozen=True)
class Member:
    """One to be trained: its number, and what chance has given it."""

    number: int
    draw: Draw


class Trainer:
    """Trains members of an ensemble, and keeps the model whose step is compiled.

    Args:
        job: What members have in common.
        data: What they are trained on.

    Raises:
        RegkitError: for data that are no numbers, or do not agree.
    """

    def __init__(self, job: Job, data: Data) -> None:
        self.job, self.data = job, data
        self._base = checked_training(
            data.x,
            data.y,
            1,
            data.weights,
            None,
            None,
            data.validation or None,
            epochs=job.epochs,
            batch_size=job.batch_size,
            validation_batch_size=job.batch_size,
            shuffle=job.shuffle,
        )
        self._templates: dict[int, keras.Model] = {}
        self._last: keras.Model | None = None

    def run(self, members: Sequence[Member], done: Done = lambda epochs: None) -> Iterator[Members]:
        """Yield trained members in parts, as they are finished.

        Args:
            members: Which to train.
            done: Told how many more epochs of members are done.
        """
        for place in range(len(self.job.builders)):
            own = [member for member in members if self.job.builder(member.number) == place]
            # In turn a member's first weights are made when it begins, not all at once.
            groups = [own] if self.job.together else [[member] for member in own]
            for group in filter(None, groups):
                yield from self._of_builder(place, group, done)

    def reweight(self, weights: Array) -> None:
        """Give the examples other weights from now on."""
        weights = weights.astype(keras.config.floatx())
        self._base = dataclasses.replace(self._base, weights=weights[None])

    def outputs_of_last(self, x: Array) -> Array:
        """Return what the member that was trained last, by itself, predicts."""
        assert self._last is not None
        return np.asarray(self._last.predict(x, batch_size=PREDICTED_AT_ONCE, verbose=0))

    def blueprint(self, members: Sequence[Member]) -> Blueprint:
        """Return what the models of members of one builder are built from."""
        training = self.training(members)
        builder = self.job.builders[self.job.builder(members[0].number)]
        return Blueprint(builder, training.input_shape, self.job.n_classes, training.batch())

    def first_model(self, member: Member, x: Array) -> tuple[keras.Model, Array]:
        """Return a member's model before training, and an example as it sees it."""
        model = self.blueprint([member]).bare_model(member.number, member.draw.seed)
        columns = member.draw.features
        return model, x[:1] if columns is None else x[:1, columns]

    def fingerprint(self, member: Member) -> str:
        """Return a digest of all that a member's weights follow from."""
        blueprint = self.blueprint([member])
        model = blueprint.model(member.number, member.draw.seed)
        recipe = techniques_of(self.job.recipe)(member.number)
        how = (self.job.epochs, self.job.batch_size, self.job.shuffle, self.job.n_classes)
        backend = keras.backend.backend()
        digest = hashlib.sha256(repr((description(model), recipe, how, backend)).encode())
        base, draw = self._base, member.draw
        data = (base.x, base.y, base.weights, base.validation)
        for array in keras.tree.flatten((data, draw.examples, draw.features, read_state(model))):
            if array is not None:
                digest.update(repr((array.shape, array.dtype.name)).encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def _of_builder(self, place: int, own: list[Member], done: Done) -> Iterator[Members]:
        blueprint, training = self.blueprint(own), self.training(own)
        numbers, seeds = [m.number for m in own], [m.draw.seed for m in own]
        try:
            model, made = make(blueprint, numbers, seeds, techniques_of(self.job.recipe))
        except NotAlike:  # `build_model` is told of the member, and builds other architectures
            for member in own:
                yield from self._of_builder(place, [member], done)
            return
        reason = self._why_in_turn(model, made)
        if reason is None:
            try:
                trained = train_together(model, made, training, done)
                yield Members(trained, seeds, blueprint, training.features, numbers)
                return
            except CannotStack as error:
                reason = str(error)
        self._last = model = self._template(place, model, numbers[0])
        for one, member in zip(made, own, strict=True):
            alone = self.training([member])
            trained = train_in_turn(model, [one], alone, reason, done)
            yield Members(trained, [one.seed], blueprint, alone.features, [member.number])

    def _why_in_turn(self, model: keras.Model, made: list[Made]) -> str | None:
        if not self.job.together:
            return "each is trained by itself, as was asked for"
        return why_in_turn(model, [member.techniques for member in made], "auto")

    def _template(self, place: int, model: keras.Model, number: int) -> keras.Model:
        """Return the model of earlier members, compiled already, where it stands for this too."""
        if place in self._templates:
            try:
                require_alike(self._templates[place], model, number)
                return self._templates[place]
            except NotAlike:
                pass
        self._templates[place] = model
        return model

    def training(self, members: Sequence[Member]) -> Training:
        """Return how members are trained, and on which examples."""
        columns = [m.draw.features for m in members if m.draw.features is not None]
        weights = self._base.weights
        for member in members:
            if weights is not None and not weights[0, member.draw.examples].sum() > 0:
                raise RegkitError(
                    f"the weights of the examples that member {member.number} has drawn are all "
                    "zero, so it would learn nothing. Draw more (max_samples), or with replacement "
                    "(bootstrap=True), where examples are drawn in proportion to their weights"
                )
        return dataclasses.replace(
            self._base,
            examples=tuple(member.draw.examples for member in members),
            features=np.stack(columns) if columns else None,
            weights=None if weights is None else np.repeat(weights, len(members), axis=0),
        )


def is_finite(members: Members, place: int) -> bool:
    """Return whether all weights of a trained member are numbers."""
    state: dict[str, Any] = members.weights[place]
    floats = [value for part in state.values() for value in part if value.dtype.kind in "fV"]
    return all(np.isfinite(value.astype("float32")).all() for value in floats)  # V: bfloat16
