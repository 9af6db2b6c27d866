"""Weight decay, as a penalty or decoupled from the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import keras
from keras import ops

from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.options import Boolean, LayerOption, Strength, WeightOption
from regkit.core.stages import Phase, Stage
from regkit.core.technique import Technique
from regkit.ops.precision import wide
from regkit.techniques.penalties.l2 import l2_penalty
from regkit.types import Number, Tensor

__all__ = ["WeightDecay", "decayed", "weight_decay_penalty"]


def weight_decay_penalty(weights: Sequence[Tensor], rate: Number) -> Tensor:
    """Return rate/2 · Σ‖w‖₂².

    Example:
        >>> float(weight_decay_penalty([[1.0, -2.0]], 1.0))
        2.5
    """
    return l2_penalty(weights, 0.5 * rate)


def decayed(
    weights: Sequence[Tensor], before: Sequence[Tensor], rate: Number, learning_rate: Number
) -> list[Tensor]:
    """Return updated weights minus learning rate · rate · (the weights before the update).

    Computed in at least float32: in half precision the product of the rates may round to 0.

    Example:
        >>> before = after = [ops.array([1.0, -2.0])]
        >>> ops.convert_to_numpy(decayed(after, before, 0.5, 0.5)[0]).tolist()
        [0.75, -1.5]
    """
    dtype = wide(*weights)
    fraction = ops.cast(learning_rate, dtype) * ops.cast(rate, dtype)
    return [
        ops.cast(new, dtype) - fraction * ops.cast(old, dtype)
        for new, old in zip(weights, before, strict=True)
    ]


class WeightDecay(Technique):
    """Shrink weights towards zero by a fraction of themselves in each step.

    By default the textbook's penalty rate/2 · Σ‖w‖₂², whose gradient rate · w goes through the
    optimizer: under SGD without momentum it equals the optimizer's own weight decay. With
    `decoupled` the decay is applied beside the optimizer, as in AdamW:
    w ← w − learning rate · (step + rate · w).

    Args:
        rate: A number of at least 0 or a schedule; 0 leaves the step as it is.
        decoupled: Whether the decay is applied beside the optimizer, not through the gradient.
        layers: Which layers, see `regkit.core.select`; by default all.
        weights: Which weights of them, by name; kernels by default, never biases or scales.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where nothing is matched.
        AttachError: for `decoupled` with an optimizer that has no learning rate of its own.

    References:
        Krogh and Hertz 1991, A simple weight decay can improve generalization; Loshchilov and
        Hutter 2019, Decoupled weight decay regularization, algorithm 2; Goodfellow et al. 2016,
        Deep Learning, section 7.1.1.

    Example:
        >>> WeightDecay(0.01, decoupled=True).stages()
        (<Stage.GRADIENT: 4>, <Stage.UPDATE: 5>)
    """

    search_words = ("AdamW", "shrinkage", "weight penalty")
    phases = (Phase.SUM, Phase.DECAY)

    def __init__(
        self,
        rate: Strength = 1e-4,
        decoupled: Annotated[bool, Boolean()] = False,
        *,
        layers: LayerOption = None,
        weights: WeightOption = "kernel",
    ) -> None:
        super().__init__()
        self.rate = rate
        self.decoupled = decoupled
        self.layers = layers
        self.weights = weights

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return both forms, strong enough to be seen after a few steps."""
        return [cls(0.05), cls(0.05, decoupled=True)]

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages: those around the optimizer where decoupled, else the penalty."""
        return (Stage.GRADIENT, Stage.UPDATE) if self.decoupled else (Stage.PENALTY,)

    def check(self, model: keras.Model) -> None:
        """Refuse decoupled decay where the optimizer has no learning rate."""
        if self.decoupled and not hasattr(model.optimizer, "learning_rate"):
            raise AttachError(
                f"{self!r} multiplies the decay by the optimizer's learning rate, and "
                f"{type(model.optimizer).__name__} has none of its own. Use decoupled=False, or "
                "the option weight_decay of the optimizers themselves"
            )

    def penalty(self, context: Context) -> Tensor:
        """Return the penalty of the matched weights."""
        return weight_decay_penalty(context.values, context.value(self.rate))

    def gradient(self, gradients: list[Tensor], context: Context) -> list[Tensor]:
        """Remember the weights and the learning rate before the optimizer changes them."""
        context.memo["before"] = context.values
        context.memo["learning_rate"] = context.model.optimizer.learning_rate
        return gradients

    def update(self, weights: list[Tensor], context: Context) -> list[Tensor]:
        """Return the updated weights minus the decay."""
        rate = context.value(self.rate)
        return decayed(weights, context.memo["before"], rate, context.memo["learning_rate"])
