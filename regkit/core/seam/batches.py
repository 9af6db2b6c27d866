"""DATA: a batch as the iterator gave it, opened, changed, and closed again in the same form.

A `train_step` of the user's takes what the dataset holds, which may be one part, or more than
Keras' three. What Keras knows of them (inputs, targets, weights) DATA may change; the form and all
further parts stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from regkit.core.at_data import run_data
from regkit.core.context import Context
from regkit.core.plan import Turn
from regkit.core.seam.step import Step
from regkit.core.stages import Batch, Stage
from regkit.types import Nest

__all__ = ["changed", "opened"]


def changed(step: Step, data: Nest) -> Nest:
    """Run the DATA stage on what the iterator gave, and return it in the same form."""
    step.batch, closed = opened(data)
    if step.runtime.penalties:  # their means over an epoch are weighted by it
        first = next((x for x in keras.tree.flatten(step.batch.x) if x is not None), None)
        step.size = 1 if first is None else step.adapter.length(first)
    turns = step.runtime.turns[Stage.DATA]
    if not turns:
        return data

    def context_of(turn: Turn) -> Context:
        return step.context(turn.entry, Stage.DATA)

    def progress(batch: Batch, done: set[str]) -> None:
        step.batch, step.data_done = batch, done

    with step.reading():
        run_data(turns, step.batch, context_of, progress)
    return closed(step.batch)


def opened(data: Nest) -> tuple[Batch, Callable[[Batch], Any]]:
    """Return the batch in data, and the function that puts a changed one into the same form.

    Example:
        >>> batch, closed = opened((1.0, 2.0, None, "names"))
        >>> closed(batch.replace(x=3.0))
        (3.0, 2.0, None, 'names')
        >>> opened({"left": 1.0})[0].x
        {'left': 1.0}
    """
    if not isinstance(data, tuple | list):

        def unpacked(batch: Batch) -> Any:
            parts = _known(batch, 1)
            return parts[0] if len(parts) == 1 else tuple(parts)

        return Batch(data), unpacked

    def closed(batch: Batch) -> Any:
        known = _known(batch, len(data))
        parts = [*known, *data[len(known) :]]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)

    return Batch(*data[:3]), closed


def _known(batch: Batch, count: int) -> list[Any]:
    """Return the batch's parts: as many as the data had, or more where a technique adds some."""
    parts = [batch.x, batch.y, batch.sample_weight]
    while len(parts) > count and parts[-1] is None:
        parts.pop()
    return parts
