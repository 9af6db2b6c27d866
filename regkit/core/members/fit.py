"""`regkit.fit_members`: many fits of one model as one computation, or in turn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Annotated, Any

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.members.cannot_stack import CannotStack, stacking_errors
from regkit.core.members.course import Course, History, logged
from regkit.core.members.group import Group, runtime_of
from regkit.core.members.in_turn import fit_in_turn
from regkit.core.members.made import Made, built, make, seeds_of
from regkit.core.members.order import epoch_order
from regkit.core.members.result import Members
from regkit.core.members.room import bytes_of_member, in_parts, members_that_fit
from regkit.core.members.together import why_in_turn
from regkit.core.members.training import Training, checked_training
from regkit.core.method import Method
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.options import Boolean, Choice, Integer, checked_call
from regkit.core.plan import Plan
from regkit.core.recipe import Recipe
from regkit.core.seam import generators
from regkit.core.seam.pure_step import State, variables_of
from regkit.core.seam.runtime import Runtime
from regkit.core.technique import Technique

__all__ = ["fit_members"]

Source = str | Technique | Sequence[Technique] | None


@checked_call
def fit_members(
    build_model: BuildModel,
    x: object,
    y: object,
    *,
    n_members: Annotated[int, Integer(1)],
    recipe: Source | Callable[[int], Source] = None,
    seeds: Sequence[int] | int | None = None,
    sample_weight: object = None,
    examples: Sequence[object] | None = None,
    epochs: Annotated[int, Integer(1)] = 1,
    batch_size: Annotated[int, Integer(1)] = 32,
    shuffle: Annotated[bool, Boolean()] = True,
    validation_data: object = None,
    validation_batch_size: Annotated[int | None, Integer(1, optional=True)] = None,
    engine: Annotated[str, Choice("auto", "vectorized", "sequential")] = "auto",
) -> Members:
    """Train many models of one architecture as one computation.

    Member i is what `fit` makes of the model that `build_model` gives under seed i, with techniques
    of its own, on its examples in an order that follows from its seed. All members go through one
    compiled step, as rows of it; where the model cannot be stacked, or is slower so, they go
    through it in turn, and `Members.reason` says why.

    Args:
        build_model: Returns a compiled model; it is called with those of `input_shape`, `n_classes`
            and `member` that its signature names.
        x: Inputs: an array, or a dict or tuple of them.
        y: Targets, likewise.
        n_members: How many.
        recipe: Techniques for every member: a text, or techniques, which each member gets copies
            of; or a function of the member's number that returns them.
        seeds: One for each member; or one from which they follow; by default that one is drawn
            from Python's generator, which `keras.utils.set_random_seed` sets.
        sample_weight: Weights of the examples, (examples,), or (members, examples).
        examples: For each member the numbers of the examples that it sees; by default all.
        epochs: The number of epochs.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        validation_data: (x, y) or (x, y, sample_weight), evaluated after each epoch.
        validation_batch_size: The number of examples in a batch of it; by default `batch_size`.
        engine: "vectorized" for one computation, "sequential" for one after the other; "auto"
            chooses.

    Raises:
        RegkitError: for data that are no arrays or do not agree, models of other shapes, or
            "vectorized" where that cannot be.

    Example:
        >>> import numpy as np
        >>> import regkit
        >>> def build(input_shape, n_classes):
        ...     model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(n_classes)])
        ...     model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        ...     return model
        >>> x, y = np.random.default_rng(0).normal(size=(24, 4)), np.arange(24) % 3
        >>> members = regkit.fit_members(build, x, y, n_members=3, recipe="l2(1e-3)", epochs=2)
        >>> len(members), members.engine, sorted(members.histories[0])
        (3, 'vectorized', ['data_loss', 'l2_penalty', 'loss'])
        >>> members.predict(x).shape
        (3, 24, 3)
    """
    training = checked_training(
        x,
        y,
        n_members,
        sample_weight,
        examples,
        validation_data,
        epochs=epochs,
        batch_size=batch_size,
        validation_batch_size=validation_batch_size or batch_size,
        shuffle=shuffle,
    )
    builder = ModelBuilder(build_model)
    own_seeds = seeds_of(seeds, n_members)
    with generators.kept():
        model, members = make(builder, training, own_seeds, _techniques_of(recipe))
        reason, trained = _trained(model, members, training, engine)

    def model_of(number: int) -> keras.Model:
        with generators.kept():
            return built(builder, training, number, own_seeds[number])

    return Members(*trained, own_seeds, reason, model_of)


Trained = tuple[list[State], list[History], list[list[Method]]]


def _trained(
    model: keras.Model, members: list[Made], training: Training, engine: str
) -> tuple[str | None, Trained]:
    """Return why members were trained in turn, or None, and what came of it."""
    if engine == "sequential":
        reason: str | None = 'engine="sequential" was asked for'
    else:
        reason = why_in_turn(model, [member.techniques for member in members], engine)
    if reason is None:
        try:
            return None, _together(model, members, training)
        except CannotStack as error:
            if engine == "vectorized":
                raise error.asked_for() from error.__cause__
            reason = str(error)
    return reason, _in_turn(model, members, training)


def _techniques_of(recipe: Source | Callable[[int], Source]) -> Callable[[int], list[Method]]:
    """Return what gives a member techniques of its own."""

    def techniques(number: int) -> list[Method]:
        if not callable(recipe) or isinstance(recipe, Technique):
            return copied(recipe)
        given = recipe(number)
        try:
            return copied(given)
        except RegkitError as error:
            raise type(error)(f"recipe({number}), for member {number}: {error}") from error

    def copied(given: Source) -> list[Method]:
        own = Recipe("" if given is None else given)
        return [type(technique)(**technique.get_config()) for technique in own]

    return techniques


def _in_turn(model: keras.Model, members: list[Made], training: Training) -> Trained:
    model.steps_per_execution = 1
    fits = [fit_in_turn(model, member, k, training) for k, member in enumerate(members)]
    return [state for _, state in fits], [h for h, _ in fits], [m.techniques for m in members]


def _together(model: keras.Model, members: list[Made], training: Training) -> Trained:
    runtimes = [runtime_of(model, Plan(member.techniques)) for member in members]
    states: list[State] = [{} for _ in members]
    courses = [Course(model, member.techniques) for member in members]
    most = members_that_fit(_bytes_of_member(model, members, training))
    for alike in _groups(runtimes, training):
        group: Group | None = None
        for places in in_parts(alike, most):
            given = (
                [runtimes[place] for place in places],
                [members[place].ambient for place in places],
                [members[place].state for place in places],
                (training.x, training.y),
                (None, None, None if training.weights is None else training.weights[places]),
            )
            with stacking_errors():
                if group is None:
                    held_out = training.validation, training.validation_batch_size
                    group = Group(model, *given, *held_out)
                else:
                    group.begin(*given)
            own = [courses[place] for place in dict.fromkeys(places)]
            _train(group, own, places, members, training)
            for row, course in enumerate(own):
                state = _final(model, course, functools.partial(group.state_of, row))
                states[places[row]] = state
    return states, [course.history for course in courses], [c.techniques for c in courses]


def _bytes_of_member(model: keras.Model, members: list[Made], training: Training) -> int:
    held_out = training.validation_batch_size if training.validation else 0
    return bytes_of_member(model, members[0].state, 0, training.batch_size, held_out)


def _groups(runtimes: list[Runtime], training: Training) -> list[list[int]]:
    """Return which members share a compiled epoch: equal but for numbers, and of equal size."""
    groups: dict[Any, list[int]] = {}
    for place, runtime in enumerate(runtimes):
        key = (runtime.fingerprint(), len(training.examples[place]))
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _train(
    group: Group, courses: list[Course], places: list[int], members: list[Made], training: Training
) -> None:
    steps = 0
    for epoch in range(training.epochs):
        orders = [
            own[epoch_order(members[place].seed, epoch, len(own), training.shuffle)]
            for place in places
            for own in [training.examples[place]]
        ]
        with stacking_errors() if epoch == 0 else nullcontext():  # the first compiles the step
            logs = group.epoch(np.stack(orders), training.batch_size)
        steps += -(-len(orders[0]) // training.batch_size)
        for row, course in enumerate(courses):
            if course.running:
                own = {name: logged(values[row]) for name, values in logs.items()}
                course.see(own, epoch, steps, functools.partial(group.state_of, row))
        if not any(course.running for course in courses):
            break
    for course in courses:
        course.end()


def _final(model: keras.Model, course: Course, last: Callable[[], State]) -> State:
    """Return a member's state at its end: where it was stopped, with the weights that it kept."""
    state = course.last if course.last is not None else last()
    if course.kept is None:
        return state
    weights = {id(variable) for variable in model.weights}
    restored = dict(state)
    for part in ("trainable", "non_trainable"):
        variables = variables_of(model)[part]
        restored[part] = [
            kept if id(variable) in weights else now
            for variable, kept, now in zip(variables, course.kept[part], state[part], strict=True)
        ]
    return restored
