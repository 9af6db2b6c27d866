"""The training step as code: the stages in their order, and what each receives and returns.

     batch ──► DATA ──► FORWARD ──► TARGET ──► loss ──► PENALTY ──► GRADIENT ──► UPDATE ──► …
                                                                          WATCH ◄── host events

A technique acts at a stage by having the method of that name. Stage methods are pure: values in,
values out. What else they need (draws, the step, state, the loss and its gradients) is in the
`Context` (regkit.core.context).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Batch", "Rank", "Stage", "Target"]

Tensor = Any


class Stage(enum.IntEnum):
    """The places of the training step at which a technique may act, in the order of the step."""

    DATA = 0
    FORWARD = 1
    TARGET = 2
    PENALTY = 3
    GRADIENT = 4
    UPDATE = 5
    WATCH = 6

    @property
    def does(self) -> str:
        """What happens there, in a few words."""
        return _DOES[self]


_DOES = {
    Stage.DATA: "change the inputs",
    Stage.FORWARD: "change what layers compute",
    Stage.TARGET: "change the targets",
    Stage.PENALTY: "add to the loss",
    Stage.GRADIENT: "change the gradients",
    Stage.UPDATE: "change the weights after the optimizer",
    Stage.WATCH: "look on from the host",
}


class Rank(enum.IntEnum):
    """The order within a stage; techniques of one rank keep the order of the list."""

    FIRST = 0  # invent or mix: must see raw values
    MIDDLE = 1
    LAST = 2  # smooth: must see what all others made


@dataclass(frozen=True)
class Batch:
    """What DATA receives and returns: a batch as `fit` takes it, each part a tensor or a nest."""

    x: Any
    y: Any = None
    sample_weight: Any = None

    def replace(self, **parts: Any) -> Batch:
        """Return a batch with other parts."""
        return replace(self, **parts)


@dataclass(frozen=True)
class Target:
    """What TARGET receives and returns: one output's targets, beside its prediction.

    Attributes:
        y: The targets as given to the loss; after `dense`, float probabilities.
        y_pred: The model's output for them.
        kind: "categorical", "sparse", "binary" or "other", by the loss.
        axis: The class axis of `y_pred`.
        name: The output's name.
        to_dense: Turns targets as given into float probabilities over `axis`.
        is_dense: Whether that has been done.
    """

    y: Tensor
    y_pred: Tensor
    kind: str
    axis: int
    name: str
    to_dense: Callable[[Tensor], Tensor]
    is_dense: bool = False

    def dense(self) -> Target:
        """Return the target with `y` as float probabilities over `axis`.

        What was sparse is one-hot then, with rows of zeros for an ignored class; binary targets
        keep their shape.
        """
        return self if self.is_dense else replace(self, y=self.to_dense(self.y), is_dense=True)

    def replace(self, y: Tensor) -> Target:
        """Return the target with other values."""
        return replace(self, y=y)
