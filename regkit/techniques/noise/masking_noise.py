"""Inputs of which a random part is set to zero."""

from __future__ import annotations

from keras import ops

from regkit.core.context import Context
from regkit.core.options import SeedOption, Share
from regkit.techniques.noise.floating_inputs import InputNoise
from regkit.types import Number, Tensor

__all__ = ["MaskingNoise", "masked"]


def masked(x: Tensor, uniform: Tensor, rate: Number) -> Tensor:
    """Return x with those numbers set to zero whose uniform number is below `rate`.

    Example:
        >>> [float(v) for v in masked(ops.array([1.0, 2.0]), ops.array([0.1, 0.9]), 0.5)]
        [0.0, 2.0]
    """
    return ops.where(uniform < rate, ops.zeros_like(x), x)


class MaskingNoise(InputNoise):
    """Set a random part of the inputs to zero, drawn again in each step.

    Every number of an input is 0 with the probability v, else it stays as it is; unlike dropout
    nothing is scaled up. It is the corruption from which denoising autoencoders learn to restore
    what is missing. Inputs of whole numbers (indices) stay as they are, and so do validation and
    prediction.

    Args:
        rate: v, in [0, 1]; a number or a schedule. 0 leaves the step as it is.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is of floating type, or one is sparse.

    References:
        Vincent et al. 2010, Stacked denoising autoencoders: learning useful representations in a
        deep network with a local denoising criterion, section 3.3.

    Example:
        >>> MaskingNoise(0.1)
        MaskingNoise(rate=0.1)
    """

    search_words = ("input dropout", "corruption", "denoising", "zero noise", "Vincent")

    def __init__(self, rate: Share = 0.25, *, seed: SeedOption = None) -> None:
        super().__init__()
        self.rate = rate
        self.seed = seed

    def noisy(self, x: Tensor, context: Context) -> Tensor:
        """Return an input as the formula has it."""
        rate = context.value(self.rate)
        return masked(x, context.draws.uniform(ops.shape(x)), rate)
