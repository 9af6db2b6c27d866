"""A recipe as a function of a batch and the numbers of its examples, compiled where that pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from regkit.core.annotations import agreed
from regkit.core.errors import AttachError
from regkit.core.method import Method
from regkit.core.options.declared import strengths
from regkit.core.outside import changed_examples
from regkit.core.stages import Batch, Stage
from regkit.ops.stacking import running_stack
from regkit.types import Array, Nest, Tensor

__all__ = ["Parts", "Transform"]

Parts = tuple[Nest, ...]  # (x,), (x, y) or (x, y, sample_weight)


class Transform:
    """What techniques make of examples, each by its own number, outside of any fit.

    Args:
        techniques: All of which act at DATA and nowhere else.
        seed: Of techniques that have none of their own.

    Raises:
        AttachError: for a technique that acts in a fit only, or has a schedule.
    """

    def __init__(self, techniques: Sequence[Method], seed: int) -> None:
        if not techniques:
            raise AttachError("augment needs a technique, and the recipe is empty")
        for one in techniques:
            _require_data_only(one)
        self._techniques, self._seed = techniques, seed
        self._does_nothing = all(one.is_neutral() for one in techniques)
        self._moving = agreed(techniques)
        self._compiled = running_stack().compiled(self._run, consumes=False)

    def __call__(self, parts: Parts, examples: Array, epoch: int) -> Parts:
        """Return a batch of arrays, changed; what does not change is the very same.

        Args:
            parts: Arrays, or nests of them.
            examples: The number of each example in the data.
            epoch: The number of the pass over the data.
        """
        if self._does_nothing or not len(examples):
            return parts
        x, y = parts[0], parts[1] if len(parts) > 1 else None
        numbers = ops.convert_to_tensor(np.asarray(examples, "int32"))
        new_x, new_y = self._compiled(
            keras.tree.map_structure(_tensor, x),
            keras.tree.map_structure(_tensor, y),
            numbers,
            ops.convert_to_tensor(epoch, "int32"),
        )
        changed = keras.tree.map_structure(_as_given, x, new_x)
        return (changed, self._targets(y, new_y), *parts[2:])[: len(parts)]

    def in_graph(self, parts: Parts, examples: Tensor, epoch: Tensor) -> Parts:
        """Return a batch of tensors, changed, as a part of a graph of the same backend."""
        if self._does_nothing:
            return parts
        y = parts[1] if len(parts) > 1 else None
        return (*self._run(parts[0], y, examples, epoch), *parts[2:])[: len(parts)]

    def _run(self, x: Any, y: Any, examples: Tensor, epoch: Tensor) -> tuple[Nest, Nest]:
        batch = changed_examples(
            self._techniques, Batch(x, y), examples, epoch=epoch, seed=self._seed
        )
        return batch.x, batch.y

    def _targets(self, y: Any, new: Any) -> Any:
        """Return the targets with those changed that move with the images."""
        if None in self._moving:
            return _as_given(y, new)
        if isinstance(y, dict):
            return {k: _as_given(v, new[k]) if k in self._moving else v for k, v in y.items()}
        if isinstance(y, list | tuple):
            items = [_as_given(v, new[k]) if k in self._moving else v for k, v in enumerate(y)]
            return items if isinstance(y, list) else tuple(items)
        return y


def _require_data_only(technique: Method) -> None:
    others = [stage for stage in technique.stages() if stage is not Stage.DATA]
    if others or not technique.stages():
        where = " and ".join(stage.name for stage in others) or "no stage"
        raise AttachError(
            f"{technique!r} acts at {where}, which there is in model.fit only. Leave it out here, "
            "and give it to callbacks= of the fit"
        )
    schedule = keras.optimizers.schedules.LearningRateSchedule
    options = strengths(type(technique))
    named = [name for name in options if isinstance(getattr(technique, name), schedule)]
    if named:
        raise AttachError(
            f"{technique!r} has a schedule for {', '.join(named)}, which follows the steps of a "
            "fit; here there are none. Give a number, or use it in callbacks= of model.fit"
        )


def _tensor(x: Any) -> Any:
    if x is None:
        return None
    if np.asarray(x).dtype.kind not in "biuf":  # texts stay as they are, and no backend takes them
        return ops.zeros(x.shape, "int32")
    return ops.convert_to_tensor(x)


def _as_given(given: Any, new: Any) -> Any:
    """Return what was computed as an array, in the type of what was given."""
    if given is None or np.asarray(given).dtype.kind not in "biuf":
        return given
    return ops.convert_to_numpy(new).astype(given.dtype, copy=False)
