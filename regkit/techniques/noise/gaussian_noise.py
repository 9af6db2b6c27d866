"""Gaussian noise on the inputs."""

from __future__ import annotations

from keras import ops

from regkit.core.context import Context
from regkit.core.options import SeedOption, Strength
from regkit.techniques.noise.floating_inputs import InputNoise
from regkit.types import Number, Tensor

__all__ = ["GaussianNoise", "with_noise"]


def with_noise(x: Tensor, noise: Tensor, stddev: Number) -> Tensor:
    """Return x + stddev · noise, in the type of x.

    Example:
        >>> float(with_noise(ops.array(1.0), ops.array(-2.0), 0.25))
        0.5
    """
    return x + ops.cast(stddev * noise, x.dtype)


class GaussianNoise(InputNoise):
    """Add independent normal noise to every number of the inputs, drawn again in each step.

    x + σ·ε, ε ~ N(0, 1), in the units of the inputs. For a linear model with a squared error it
    equals an L2 penalty of strength σ² on average. Inputs of whole numbers (indices) stay as they
    are, and so do validation and prediction.

    Args:
        stddev: σ, at least 0; a number or a schedule. 0 leaves the step as it is.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is of floating type, or one is sparse.

    References:
        Bishop 1995, Training with noise is equivalent to Tikhonov regularization; Goodfellow et
        al. 2016, Deep Learning, section 7.4.

    Example:
        >>> GaussianNoise(0.2)
        GaussianNoise(stddev=0.2)
    """

    default_arms = ("gaussian_noise(0.1|0.3)",)
    search_words = ("input noise", "jitter", "normal noise")

    def __init__(self, stddev: Strength = 0.1, *, seed: SeedOption = None) -> None:
        super().__init__()
        self.stddev = stddev
        self.seed = seed

    def noisy(self, x: Tensor, context: Context) -> Tensor:
        """Return an input as the formula has it."""
        stddev = context.value(self.stddev)
        return with_noise(x, context.draws.normal(ops.shape(x)), stddev)
