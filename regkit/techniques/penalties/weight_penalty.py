"""What all penalties on weights share: the options, and the formula applied to the weights."""

# Helper module: it has no technique.

from __future__ import annotations

import inspect
from abc import ABC
from collections.abc import Callable
from typing import ClassVar, Self

from regkit.core.context import Context
from regkit.core.options import LayerOption, Strength, WeightOption
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.types import Tensor

__all__ = ["WeightPenalty"]


class WeightPenalty(Technique, ABC):
    """Base class: add a formula of the matched weights to the loss.

    A penalty is a pure function, named as `formula`, and a docstring. One with more options than
    `strength` has an `__init__` that declares them all and hands the common ones to this class.

    Attributes:
        formula: A pure function, wrapped in `staticmethod`. Its first parameter is the list of
            weights; the others have the names of options, whose values at the step they receive.

    Args:
        strength: A number of at least 0 or a schedule; 0 leaves the step as it is.
        layers: Which layers, see `regkit.core.select`; by default all.
        weights: Which weights of them, by name; kernels by default, never biases or scales.

    Example:
        >>> from keras import ops
        >>> def largest_weight(weights, strength):
        ...     return strength * ops.max(ops.stack([ops.max(ops.abs(w)) for w in weights]))
        >>> class LargestWeight(WeightPenalty):
        ...     formula = staticmethod(largest_weight)
        >>> LargestWeight(0.01)
        LargestWeight(strength=0.01)
    """

    phases = (Phase.SUM,)
    formula: ClassVar[Callable[..., Tensor]]
    _arguments: ClassVar[tuple[str, ...]]  # the options that the formula takes

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls._arguments = tuple(inspect.signature(cls.formula).parameters)[1:]

    def __init__(
        self,
        strength: Strength = 1e-4,
        *,
        layers: LayerOption = None,
        weights: WeightOption = "kernel",
    ) -> None:
        super().__init__()
        self.strength = strength
        self.layers = layers
        self.weights = weights

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return a penalty that is strong enough to be seen after a few steps."""
        return [cls(0.02)]

    def penalty(self, context: Context) -> Tensor:
        """Return the formula of the matched weights, with the options' values at this step."""
        options = {name: context.value(getattr(self, name)) for name in self._arguments}
        return self.formula(context.values, **options)
