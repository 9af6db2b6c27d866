"""Gaussian noise on the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from regkit.core import select
from regkit.core.context import Context
from regkit.core.options import LayerOption, SeedOption, Strength, WeightOption
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.ops import random as numbers
from regkit.ops.precision import wide
from regkit.types import Nest, Number, Tensor

__all__ = ["WeightNoise", "noisy_weight"]


def noisy_weight(weight: Tensor, noise: Tensor, stddev: Number) -> Tensor:
    """Return w + σ · noise, in the type of w.

    Example:
        >>> float(noisy_weight(ops.array(1.0), ops.array(-2.0), 0.25))
        0.5
    """
    return weight + ops.cast(stddev * noise, weight.dtype)


class WeightNoise(Technique):
    """Run layers with noise on their weights, one draw a step, in training only.

    w + σ·ε, ε ~ N(0, 1) for each number of a weight: the gradient is that at the noisy weights, and
    it goes to the weights themselves. On average it adds σ²/2·Σ|∇f(x)|² to a squared error: it
    moves training towards flat places of the loss. A layer that is used in several places has the
    same noise in all, a recurrent one through the whole sequence.

    Args:
        stddev: σ, at least 0, in the units of the weights; a number or a schedule. 0 leaves the
            step as it is.
        layers: Which layers, see `regkit.core.select`; by default all with the weights named.
        weights: Which of their weights; by default kernels.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where no weight is matched.

    References:
        Goodfellow et al. 2016, Deep Learning, section 7.5; Graves 2011, Practical variational
        inference for neural networks; Jim, Giles and Horne 1996, An analysis of noise in recurrent
        neural networks.

    Example:
        >>> WeightNoise(0.1, layers="hidden*")
        WeightNoise(stddev=0.1, layers='hidden*')
    """

    search_words = ("noisy weights", "parameter noise", "Graves")
    phases = (Phase.WEIGHTS,)

    def __init__(
        self,
        stddev: Strength = 0.05,
        *,
        layers: LayerOption = None,
        weights: WeightOption = "kernel",
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.stddev = stddev
        self.layers = layers
        self.weights = weights
        self.seed = seed

    def select_layers(self, model: keras.Model) -> list[keras.layers.Layer]:
        """Return the layers whose calls use the chosen weights."""
        matched = select.weights_matching(model, self.layers, self.weights)
        return select.callers(model, [weight.layer for weight in matched])

    def forward(self, call: Callable[[Nest], Any], inputs: Nest, context: Context) -> Nest:
        """Return what the layer computes with noise on its weights."""
        layer = context.layer
        assert layer is not None  # at FORWARD
        own = {id(variable) for variable in layer.weights}
        stddev = context.value(self.stddev)
        chosen = [(k, v) for k, v in enumerate(context.weights) if id(v) in own]
        values = [
            noisy_weight(
                variable.value,
                numbers.normal(context.draws.key_at(place), tuple(variable.shape), wide()),
                stddev,
            )
            for place, variable in chosen
        ]
        with context.with_weights([variable for _, variable in chosen], values):
            outputs: Nest = call(inputs)
        return outputs
