"""Dropout on a model that is already built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from regkit.core.context import Context
from regkit.core.options import LayerOption, Rate, SeedOption
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.types import Nest, Number, Tensor

__all__ = ["Dropout", "dropped"]


def dropped(x: Tensor, uniform: Tensor, rate: Number) -> Tensor:
    """Return x with those elements set to zero whose uniform number is below `rate`.

    The others are divided by 1 − rate ("inverted" dropout), which keeps the expectation. At rate 1
    everything is zero.

    Example:
        >>> [float(v) for v in dropped(ops.array([1.0, 1.0]), ops.array([0.1, 0.9]), 0.5)]
        [0.0, 2.0]
    """
    keep = 1.0 - rate
    if not isinstance(rate, float):  # a schedule may reach 1
        keep = ops.maximum(keep, 1e-7)
    return x * ops.cast(ops.where(ops.greater_equal(uniform, rate), 1.0 / keep, 0.0), x.dtype)


class Dropout(Technique):
    """Set a random part of the hidden units to zero in each step, on any model, built or not.

    y = mask·x/(1 − rate), mask ~ Bernoulli(1 − rate) for each unit of each example, on the output
    of every chosen layer. Nothing is inserted into the model: after `fit` it is as before.

    Args:
        rate: The part that is dropped, in [0, 1); a number or a schedule. 0 leaves the step as it
            is.
        layers: Which layers' outputs, see `regkit.core.select`; by default those of the hidden
            layers with a kernel (all but the outputs'). For a subclassed model name them.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where no layer is matched.

    References:
        Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting;
        Goodfellow et al. 2016, Deep Learning, section 7.12.

    Example:
        >>> Dropout(0.2, layers="hidden*")
        Dropout(rate=0.2, layers='hidden*')
    """

    default_arms = ("dropout(0.2|0.5)",)
    search_words = ("dropped units", "drop out", "Srivastava")
    phases = (Phase.OUTPUTS,)

    def __init__(
        self, rate: Rate = 0.5, *, layers: LayerOption = None, seed: SeedOption = None
    ) -> None:
        super().__init__()
        self.rate = rate
        self.layers = layers
        self.seed = seed

    def forward(self, call: Callable[[Nest], Any], inputs: Nest, context: Context) -> Nest:
        """Return the layer's output with units dropped; of several outputs only in the first."""
        outputs = call(inputs)
        if keras.tree.is_nested(outputs):
            flat = keras.tree.flatten(outputs)
            return keras.tree.pack_sequence_as(outputs, [self._drop(flat[0], context), *flat[1:]])
        return self._drop(outputs, context)

    def _drop(self, x: Tensor, context: Context) -> Tensor:
        return dropped(x, context.draws.uniform(ops.shape(x)), context.value(self.rate))
