"""`regkit.fit_members`: many fits of one model as one computation, or in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from regkit.core.members.engines import train
from regkit.core.members.made import Blueprint, make, seeds_of
from regkit.core.members.own_techniques import RecipeOfMembers, techniques_of
from regkit.core.members.progress_bar import shown
from regkit.core.members.result import Members
from regkit.core.members.training import checked_training
from regkit.core.model_building import BuildModel, ModelBuilder
from regkit.core.options import Boolean, Choice, Integer, checked_call

__all__ = ["fit_members"]


@checked_call
def fit_members(
    build_model: BuildModel,
    x: object,
    y: object,
    *,
    n_members: Annotated[int, Integer(1)],
    recipe: RecipeOfMembers = None,
    seeds: Sequence[int] | int | None = None,
    sample_weight: object = None,
    examples: Sequence[object] | None = None,
    features: Sequence[object] | None = None,
    epochs: Annotated[int, Integer(1)] = 1,
    batch_size: Annotated[int, Integer(1)] = 32,
    shuffle: Annotated[bool, Boolean()] = True,
    validation_data: object = None,
    validation_batch_size: Annotated[int | None, Integer(1, optional=True)] = None,
    engine: Annotated[str, Choice("auto", "vectorized", "sequential")] = "auto",
    verbose: Annotated[int, Integer(0, 1)] = 0,
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
        features: For each member the columns of x that it sees, as many for each; by default all.
        epochs: The number of epochs.
        batch_size: The number of examples in a step.
        shuffle: Whether each epoch has an order of its own.
        validation_data: (x, y) or (x, y, sample_weight), evaluated after each epoch.
        validation_batch_size: The number of examples in a batch of it; by default `batch_size`.
        engine: "vectorized" for one computation, "sequential" for one after the other; "auto"
            chooses.
        verbose: 1 shows progress.

    Raises:
        RegkitError: for data that are no arrays or do not agree, models of other shapes, or
            "vectorized" where that cannot be.

    Example:
        >>> import keras, numpy as np, regkit
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
        features,
        validation_data,
        epochs=epochs,
        batch_size=batch_size,
        validation_batch_size=validation_batch_size or batch_size,
        shuffle=shuffle,
    )
    builder = ModelBuilder(build_model)
    blueprint = Blueprint(builder, training.input_shape, training.n_classes, training.batch())
    own_seeds = seeds_of(seeds, n_members)
    made = make(blueprint, range(n_members), own_seeds, techniques_of(recipe))
    with shown(n_members * epochs, verbose) as done:
        trained = train(*made, training, engine, done)
    return Members(trained, own_seeds, blueprint, training.features)
