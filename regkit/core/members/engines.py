"""Training members: as one computation, or one after the other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from regkit.core.members.cannot_stack import CannotStack, stacking_errors
from regkit.core.members.course import Course, History, logged
from regkit.core.members.group import Group, runtime_of
from regkit.core.members.in_turn import fit_in_turn
from regkit.core.members.made import Made
from regkit.core.members.order import epoch_order
from regkit.core.members.room import bytes_of_member, in_parts, members_that_fit
from regkit.core.members.together import why_in_turn
from regkit.core.members.training import Training
from regkit.core.method import Method
from regkit.core.plan import Plan
from regkit.core.seam import generators
from regkit.core.seam.pure_step import State, variables_of
from regkit.core.seam.runtime import Runtime

__all__ = ["Done", "Trained", "train", "train_in_turn", "train_together"]

Done: TypeAlias = Callable[[int], None]  # is told how many more epochs of members are done


@dataclass(frozen=True)
class Trained:
    """What came of members.

    Attributes:
        states: The values of all variables of each.
        histories: For each the logs of its epochs: lists by name.
        techniques: For each its techniques; those that decide tell what they have seen.
        reason: Why in turn, in words; None for members trained together.
    """

    states: list[State]
    histories: list[History]
    techniques: list[list[Method]]
    reason: str | None = None


def train(
    model: keras.Model,
    members: list[Made],
    training: Training,
    engine: str,
    done: Done = lambda epochs: None,
) -> Trained:
    """Train members as one computation, or in turn where that cannot be or is slower.

    Args:
        model: Stands for the members' models.
        members: The members before training.
        training: How to train.
        engine: "auto", "vectorized" or "sequential".
        done: Told how many more epochs of members are done.

    Raises:
        RegkitError: for "vectorized" where that cannot be.
    """
    if engine == "sequential":
        reason: str | None = 'engine="sequential" was asked for'
    else:
        reason = why_in_turn(model, [member.techniques for member in members], engine)
    if reason is None:
        try:
            return train_together(model, members, training, done)
        except CannotStack as error:
            if engine == "vectorized":
                raise error.asked_for() from error.__cause__
            reason = str(error)
    return train_in_turn(model, members, training, reason, done)


def train_in_turn(
    model: keras.Model, members: list[Made], training: Training, reason: str, done: Done
) -> Trained:
    """Train members one after the other, for a reason in words."""
    with generators.kept():
        model.steps_per_execution = 1
        fits = [fit_in_turn(model, member, k, training, done) for k, member in enumerate(members)]
    histories, states = ([fit[part] for fit in fits] for part in (0, 1))
    return Trained(states, histories, [member.techniques for member in members], reason)


def train_together(
    model: keras.Model, members: list[Made], training: Training, done: Done
) -> Trained:
    """Train members as one computation.

    Raises:
        CannotStack: where the backend cannot.
    """
    with generators.kept():
        # On PyTorch Keras' layers without a seed draw from its generator, for all members.
        generators.seed_all(members[0].seed)
        return _together(model, members, training, done)


def _together(model: keras.Model, members: list[Made], training: Training, done: Done) -> Trained:
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
                *_data(training, places),
            )
            with stacking_errors():
                if group is None:
                    group = Group(model, *given, training.validation_batch_size)
                else:
                    group.begin(*given)
            own = [courses[place] for place in dict.fromkeys(places)]
            _train(group, own, places, members, training, done)
            for row, course in enumerate(own):
                state = _final(model, course, functools.partial(group.state_of, row))
                states[places[row]] = state
    histories = [course.history for course in courses]
    return Trained(states, histories, [course.techniques for course in courses])


def _data(training: Training, places: list[int]) -> tuple[Any, Any, Any, Any]:
    """Return what members share of the data and of the validation, and what is each one's own."""
    weights = None if training.weights is None else training.weights[places]
    if training.features is None:
        shared: tuple[Any, ...] = (training.x, training.y)
        return shared, (None, None, weights), training.validation or (), ()
    x = np.stack([training.x_of(place) for place in places])
    shared, own = (None, training.y), (x, None, weights)
    if training.validation is None:
        return shared, own, (), ()
    held_out = np.stack([training.validation_of(place)[0] for place in places])
    return shared, own, (None, *training.validation[1:]), (held_out,)


def _bytes_of_member(model: keras.Model, members: list[Made], training: Training) -> int:
    held_out = training.validation_batch_size if training.validation else 0
    own = 0 if training.features is None else training.x_of(0).nbytes
    return bytes_of_member(model, members[0].state, own, training.batch_size, held_out)


def _groups(runtimes: list[Runtime], training: Training) -> list[list[int]]:
    """Return which members share a compiled epoch: equal but for numbers, and of equal size."""
    groups: dict[Any, list[int]] = {}
    for place, runtime in enumerate(runtimes):
        key = (runtime.fingerprint(), len(training.examples[place]))
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _train(
    group: Group,
    courses: list[Course],
    places: list[int],
    members: list[Made],
    training: Training,
    done: Done,
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
        done(len(courses))
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
