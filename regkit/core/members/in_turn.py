"""Members one after the other, by `fit` on one model, so that its step is compiled once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from regkit.core.members.course import History, logged
from regkit.core.members.made import Made
from regkit.core.members.stream import OrderedBatches
from regkit.core.members.training import Training
from regkit.core.seam import clock, generators
from regkit.core.seam.pure_step import State, read_state, write_state
from regkit.core.technique import Technique

__all__ = ["fit_in_turn"]


def fit_in_turn(
    model: keras.Model,
    member: Made,
    number: int,
    training: Training,
    done: Callable[[int], None] = lambda epochs: None,
    others: Sequence[keras.callbacks.Callback] = (),
) -> tuple[History, State]:
    """Return the history and the final state of a member.

    Args:
        model: Takes over the member's initial state.
        member: The member.
        number: Its place among the members that are trained.
        training: How to train.
        done: Told how many more epochs are done.
        others: Callbacks beside the member's techniques.
    """
    write_state(model, member.state)
    clock.note(model, 0)
    generators.seed_all(member.seed)
    weights = () if training.weights is None else (training.weights[number],)
    batches = OrderedBatches(
        (training.x_of(number), training.y, *weights),
        training.batch_size,
        training.epochs,
        member.seed,
        examples=training.examples[number],
        shuffle=training.shuffle,
    )
    techniques = [t for t in member.techniques if isinstance(t, Technique)]
    callbacks: list[Any] = [*techniques, *others]
    callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: done(1)))
    with generators.drawn_from(member.seed):
        history = model.fit(
            batches.stream(),
            epochs=training.epochs,
            steps_per_epoch=batches.steps,
            shuffle=False,  # the batches are
            validation_data=training.validation_of(number),
            validation_batch_size=training.validation_batch_size,
            verbose=0,
            callbacks=callbacks,
        ).history
    return {name: [*map(logged, values)] for name, values in history.items()}, read_state(model)
