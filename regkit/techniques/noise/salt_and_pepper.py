"""Inputs of which a random part is set to the smallest or the largest number."""

from __future__ import annotations

from keras import ops

from regkit.core.context import Context
from regkit.core.options import SeedOption, Share
from regkit.ops.finite import finite_range
from regkit.techniques.noise.floating_inputs import InputNoise
from regkit.types import Number, Tensor

__all__ = ["SaltAndPepper", "peppered"]


def peppered(x: Tensor, uniform: Tensor, rate: Number, *, of_each: bool = False) -> Tensor:
    """Return x with those numbers set to its least or largest whose uniform number is below `rate`.

    Numbers that are not finite are no bounds; with `of_each` each example has its own.

    Below rate/2 it is the least (pepper), from there to rate the largest (salt).

    Example:
        >>> x = ops.array([1.0, 2.0, 3.0, 2.0])
        >>> ops.convert_to_numpy(peppered(x, ops.array([0.4, 0.1, 0.9, 0.3]), 0.5)).tolist()
        [3.0, 1.0, 3.0, 3.0]
    """
    low, high = (ops.cast(bound, x.dtype) for bound in finite_range([x], of_each=of_each))
    noisy = ops.where(uniform < rate, high, x)
    return ops.where(uniform < rate / 2.0, low, noisy)


class SaltAndPepper(InputNoise):
    """Set a random part of the inputs to the smallest or the largest number of the batch.

    Every number of an input is set with the probability v, half of the time to the least and half
    to the largest finite number that the input has in this batch: black and white in images. Inputs
    of whole numbers (indices) stay as they are, and so do validation and prediction.

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
        >>> SaltAndPepper(0.2)
        SaltAndPepper(rate=0.2)
    """

    search_words = ("impulse noise", "black and white pixels", "Vincent")

    def __init__(self, rate: Share = 0.1, *, seed: SeedOption = None) -> None:
        super().__init__()
        self.rate = rate
        self.seed = seed

    def noisy(self, x: Tensor, context: Context) -> Tensor:
        """Return an input as the formula has it."""
        rate = context.value(self.rate)
        uniform = context.draws.uniform(ops.shape(x))
        return peppered(x, uniform, rate, of_each=context.alone)
