"""Gaussian noise on the gradients, which fades."""

from __future__ import annotations

from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.options import LayerOption, Real, SeedOption, Strength, WeightOption
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.types import Number, Tensor

__all__ = ["GradientNoise", "noise_deviation"]


def noise_deviation(eta: Number, gamma: float, step: Number) -> Tensor:
    """Return the deviation of the noise at a step: √(η/(1 + t)^γ).

    Example:
        >>> round(float(noise_deviation(0.3, 0.55, 99)), 4)
        0.1544
    """
    eta = ops.convert_to_tensor(eta, "float32")
    positive = eta > 0.0  # the root's own gradient plays no part, but 0 must give no NaN
    time = 1.0 + ops.cast(step, "float32")
    root = ops.sqrt(ops.where(positive, eta, 1.0) / time**gamma)
    return ops.where(positive, root, 0.0)


class GradientNoise(Technique):
    """Add independent normal noise to the gradients, less and less from step to step.

    g + ε, ε ~ N(0, η/(1 + t)^γ), at step t from 0: a variance that fades. It helps very deep
    networks out of bad beginnings. After techniques that clip gradients.

    Args:
        eta: η, the variance at the first step, at least 0; a number or a schedule. The paper's are
            0.01, 0.3 and 1. 0 leaves the step as it is.
        gamma: γ, at least 0: how fast it fades; 0 for never.
        layers: Which layers, see `regkit.core.select`; by default all.
        weights: Which of their weights; by default all that are trained.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where no weight is matched.

    References:
        Neelakantan et al. 2015, Adding gradient noise improves learning for very deep networks,
        section 3.

    Example:
        >>> GradientNoise(0.3)
        GradientNoise(eta=0.3)
    """

    search_words = ("annealed noise", "Langevin", "Neelakantan")
    phases = (Phase.PERTURB,)

    def __init__(
        self,
        eta: Strength = 0.01,
        gamma: Annotated[float, Real(0)] = 0.55,
        *,
        layers: LayerOption = None,
        weights: WeightOption = "*",
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.eta = eta
        self.gamma = gamma
        self.layers = layers
        self.weights = weights
        self.seed = seed

    def gradient(self, gradients: list[Tensor], context: Context) -> list[Tensor]:
        """Return the noisy gradients."""
        deviation = noise_deviation(context.value(self.eta), self.gamma, context.step)
        return [
            g + ops.cast(context.draws.normal(ops.shape(g)), g.dtype) * ops.cast(deviation, g.dtype)
            for g in gradients
        ]
