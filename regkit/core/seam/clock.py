"""How many training steps a model has done, counted outside of it.

An optimizer's count is no count of steps: a model may have other optimizers than its own, or none,
and one that scales the loss leaves steps out. So the seam counts calls of `train_step` and
remembers the count for as long as the model lives. Steps that fits without techniques did in
between are read off the optimizer, and so is the start of a model that was loaded.
"""

from __future__ import annotations

import weakref
from typing import Any, NamedTuple

import keras

__all__ = ["done", "note", "optimizer_count"]


class _Mark(NamedTuple):
    steps: int
    optimizer: weakref.ref[Any] | None
    updates: int  # what that optimizer counted at the same moment


_MARKS: weakref.WeakKeyDictionary[keras.Model, _Mark] = weakref.WeakKeyDictionary()


def optimizer_count(model: keras.Model) -> keras.Variable | None:
    """Return the variable that counts the calls of the optimizer's `apply`; None without one.

    Under loss scaling it counts those that changed the weights.
    """
    optimizer = model.optimizer
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return getattr(inner, "_iterations", None)


def done(model: keras.Model) -> int:
    """Return the number of training steps that a model has behind it."""
    count = _count(model)
    mark = _MARKS.get(model)
    if mark is None:
        return count
    same = mark.optimizer is not None and mark.optimizer() is model.optimizer
    return max(0, mark.steps + count - (mark.updates if same else 0))


def note(model: keras.Model, steps: int) -> None:
    """Remember the number of training steps at the end of a fit."""
    optimizer = model.optimizer
    reference = None if optimizer is None else weakref.ref(optimizer)
    _MARKS[model] = _Mark(steps, reference, _count(model))


def _count(model: keras.Model) -> int:
    variable = optimizer_count(model)
    if variable is None:
        return 0
    return int(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable)))
