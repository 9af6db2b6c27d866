"""All strengths on all draws of examples, trained as members; their outputs, in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from regkit.comparison.design.networks import check
from regkit.comparison.strengths.held_out import Draw, pooled
from regkit.comparison.strengths.strength_grid import acts_by_events
from regkit.core.members.fit import fit_members
from regkit.core.model_building import ModelBuilder
from regkit.data.dataset import Dataset
from regkit.types import Array

__all__ = ["Fits", "How", "default_batch_size", "fit_strengths"]

CHUNK = 2048  # so many examples are evaluated in one call: bounded memory


@dataclass(frozen=True)
class How:
    """How every member is trained.

    Attributes:
        epochs: The number of epochs.
        batch_size: The number of examples in a step.
        engine: As `fit_members` takes it.
    """

    epochs: int
    batch_size: int
    engine: str


@dataclass(frozen=True, eq=False)
class Fits:
    """What trained members say of examples.

    Attributes:
        outputs: For each draw the outputs of every strength for the examples that were asked for,
            `(strengths, examples, outputs)`, in the target's own unit; NaN or infinite where
            training diverged.
        engine: How they were trained, "vectorized" or "sequential".
        reason: Why in turn; None for members trained together.
    """

    outputs: list[Array]
    engine: str
    reason: str | None


def default_batch_size(draw: Draw) -> int:
    """Return a quarter of the training examples, but at least 16 and at most 256."""
    return min(256, max(16, len(draw.examples) // 4))


def fit_strengths(
    build: ModelBuilder,
    data: Dataset,
    recipes: Sequence[str],
    draws: Sequence[Draw],
    seeds: Sequence[int],
    how: How,
    asked: Callable[[Draw], Any],
) -> Fits:
    """Train every recipe on every draw, and return what the models say.

    All recipes of a draw start from one initialization, and see the examples in one order.

    Args:
        build: Builds a compiled model; `member` is the number of the draw.
        data: What the draws are of.
        recipes: In text.
        draws: The examples.
        seeds: One for each draw.
        how: How to train.
        asked: Returns the inputs of a draw to predict for.

    Raises:
        RegkitError: where the model does not fit the labels.
    """
    # What watches training is shown the draw's own held-out part, which members of one computation
    # have in common: then a computation is of one draw.
    watching = any(map(acts_by_events, recipes))
    groups = [[k] for k in range(len(draws))] if watching else [[*range(len(draws))]]
    outputs: list[Array] = []
    for group in groups:
        own = [draws[k] for k in group]
        x, y, places = pooled(own)
        # Layers get the names that they would have in a process of their own, so that a selector
        # such as layers="dense_1" means the same in every call.
        keras.utils.clear_session(free_memory=False)
        members = fit_members(
            _model_of_a_draw(build, data, group, len(recipes)),
            x,
            y,
            n_members=len(group) * len(recipes),
            recipe=lambda number: recipes[number % len(recipes)],
            seeds=[seeds[k] for k in group for _ in recipes],
            examples=[examples for examples in places for _ in recipes],
            epochs=how.epochs,
            batch_size=how.batch_size,
            validation_data=_validation(own[0]) if watching else None,
            validation_batch_size=CHUNK,
            engine=how.engine,
        )
        for place, draw in enumerate(own):
            numbers = range(place * len(recipes), (place + 1) * len(recipes))
            said = members.predict(asked(draw), CHUNK, numbers).astype(np.float64)
            outputs.append(said * draw.target_scale + draw.target_mean)
    return Fits(outputs, members.engine, members.reason)


def _validation(draw: Draw) -> tuple[Array, Array]:
    y = draw.y_held_out
    if y.dtype.kind not in "iu":
        y = ((y - draw.target_mean) / draw.target_scale).astype(np.float32)
    return draw.x_held_out, y


def _model_of_a_draw(
    build: ModelBuilder, data: Dataset, draws: Sequence[int], recipes: int
) -> Callable[..., keras.Model]:
    """Return what builds a member's model, which is told of its draw where `build` asks for it.

    Where it does not, members of one seed have one initial state, and it is made once.
    """
    shape = tuple(data.x.shape[1:])

    def built(draw: int) -> keras.Model:
        model = build(shape, data.n_classes, draw)
        check(model, shape, data.n_classes)
        return model

    def model_of(member: int) -> keras.Model:
        return built(draws[member // recipes])

    return model_of if "member" in build.by_name else lambda: built(0)
