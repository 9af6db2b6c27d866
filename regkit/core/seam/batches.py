"""DATA: a batch as the iterator gave it, opened, changed, and closed again in the same form.

A `train_step` of the user's takes what the dataset holds, which may be one part, or more than
Keras' three. What Keras knows of them (inputs, targets, weights) DATA may change; the form and all
further parts stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras

from regkit.core.context import Context
from regkit.core.geometry import Motion, image_sizes, moved, one_motion
from regkit.core.method import Method
from regkit.core.plan import Turn
from regkit.core.seam import returned
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
    turns = step.runtime.at[Stage.DATA]
    if not turns:
        return data
    with step.reading():
        _run(step, turns)
    return closed(step.batch)


def _run(step: Step, turns: Iterable[Turn]) -> None:
    """Run the methods in their order, geometries that stand together as one motion."""
    waiting = _Waiting()
    for turn in turns:
        context = step.context(turn.member, Stage.DATA)
        if turn.act.method == "geometry":
            waiting.join(step, turn, context)
        else:
            waiting.apply(step)
            result = turn.run(step.batch, context)
            if not isinstance(result, Batch):
                raise returned.no_batch(result, turn.technique)
            step.batch = result
        step.data_done.add(turn.member.label)
    waiting.apply(step)


class _Waiting:
    """The motion that waits for others to be one with it."""

    def __init__(self) -> None:
        self._motion: Motion | None = None
        self._owner: Method | None = None

    def join(self, step: Step, turn: Turn, context: Context) -> None:
        """Take one more technique's motion in."""
        if self._owner is not None and self._owner.image_format != turn.technique.image_format:
            self.apply(step)
        sizes = image_sizes(step.batch, turn.technique, turn.technique.image_format)
        if self._motion is not None:
            sizes = sizes.after(self._motion)
        motion = turn.run(sizes, context)
        if not isinstance(motion, Motion):
            raise returned.no_motion(motion, turn.technique)
        if self._motion is not None and (joint := one_motion(self._motion, motion)) is not None:
            motion = joint
        else:
            self.apply(step)
        self._motion, self._owner = motion, turn.technique

    def apply(self, step: Step) -> None:
        """Move the images of the batch."""
        if self._motion is not None and self._owner is not None:
            owner = self._owner
            step.batch = moved(step.batch, self._motion, owner, owner.image_format)
        self._motion = self._owner = None


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
