"""The training step as code: the stages in their order, and what each receives and returns.

     batch ──► DATA ──► FORWARD ──► TARGET ──► loss ──► PENALTY ──► GRADIENT ──► UPDATE ──► …
                                                                          WATCH ◄── host events

A technique acts at a stage by having the method of that name. Stage methods are pure: values in,
values out. What else they need (draws, the step, state, the loss and its gradients) is in the
`Context` (regkit.core.context).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from regkit.core.options.annotated import Annotation
from regkit.types import Nest, Tensor

__all__ = ["Batch", "Phase", "Stage", "Target"]


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


class Phase(enum.Enum):
    """The order within a stage: phases act one after the other, whatever the list says.

    A class names those in which it acts, `phases = (Phase.NOISE,)`: at most one of each stage.
    For a stage of which it names none, its phase is the one marked as usual below. Techniques of
    one phase act in the order of the list, unless all that is done in this phase commutes: then
    they act in the order of their names, so that rounding too is the same for every list.
    """

    GEOMETRY = (Stage.DATA, "move the pixels of images")
    COLOUR = (Stage.DATA, "change the values of pixels")
    ERASING = (Stage.DATA, "remove parts of images")
    NOISE = (Stage.DATA, "perturb the inputs")  # usual
    MIXING = (Stage.DATA, "mix examples")
    ADVERSARIAL = (Stage.DATA, "move the inputs along the slope of the loss")

    WEIGHTS = (Stage.FORWARD, "run layers with other weights")
    OUTPUTS = (Stage.FORWARD, "change what layers return")  # usual

    CORRECT = (Stage.TARGET, "correct labels, or replace them at random")
    MIX = (Stage.TARGET, "mix targets as their inputs")  # usual
    SMOOTH = (Stage.TARGET, "spread targets over classes")

    SUM = (Stage.PENALTY, "add to the loss")  # usual

    REPLACE = (Stage.GRADIENT, "put other gradients in their place")
    TRANSFORM = (Stage.GRADIENT, "project or centralize gradients")  # usual
    CLIP = (Stage.GRADIENT, "limit gradients")
    PERTURB = (Stage.GRADIENT, "add noise to gradients")

    DECAY = (Stage.UPDATE, "shrink weights")
    PROX = (Stage.UPDATE, "apply a proximal operator")
    PROJECTION = (Stage.UPDATE, "keep weights within a constraint")  # usual
    MASK = (Stage.UPDATE, "set weights to zero")
    AVERAGE = (Stage.UPDATE, "average weights")

    @property
    def stage(self) -> Stage:
        """The stage that it is a part of."""
        return self.value[0]

    @property
    def does(self) -> str:
        """What techniques do in it, in a few words."""
        return self.value[1]

    @property
    def place(self) -> int:
        """Its position within the stage."""
        return [phase for phase in Phase if phase.stage is self.stage].index(self)

    @property
    def commutes(self) -> bool:
        """Whether techniques of this phase give the same in any order, but for rounding."""
        return self in _COMMUTE

    @classmethod
    def usual(cls, stage: Stage) -> Phase:
        """Return the phase of a technique that names none at a stage."""
        return _USUAL[stage]


_USUAL = {
    phase.stage: phase
    for phase in (
        Phase.NOISE,
        Phase.OUTPUTS,
        Phase.MIX,
        Phase.SUM,
        Phase.TRANSFORM,
        Phase.PROJECTION,
    )
}
_COMMUTE = frozenset({Phase.SUM})  # a sum is the same in any order, but for rounding


@dataclass(frozen=True)
class Batch:
    """What DATA receives and returns: a batch as `fit` takes it, each part a tensor or a nest.

    Attributes:
        x: The inputs.
        y: The targets.
        sample_weight: The weights of the examples.
        annotations: By name what among targets and inputs belongs to the images and moves with
            them; the name None means targets that are one array.
    """

    x: Nest
    y: Nest = None
    sample_weight: Nest = None
    annotations: Mapping[str | int | None, Annotation] = field(default_factory=dict, repr=False)

    def replace(self, **parts: Any) -> Batch:
        """Return a batch with other parts.

        Example:
            >>> Batch(x=1.0, y=2.0).replace(x=3.0)
            Batch(x=3.0, y=2.0, sample_weight=None)
        """
        return replace(self, **parts)


@dataclass(frozen=True)
class Target:
    """What TARGET receives and returns: one output's targets, beside its prediction.

    Attributes:
        y: The targets as given to the loss; after `dense`, float probabilities.
        y_pred: The model's output for them.
        kind: "categorical", "sparse", "binary", "whole" (labels that no mixture can replace, as a
            hinge's) or "other", by the loss.
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
