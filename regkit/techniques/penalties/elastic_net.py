"""The elastic net penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from regkit.core.options import LayerOption, Real, Strength, WeightOption
from regkit.ops.norms import sum_of_absolutes, sum_of_squares
from regkit.techniques.penalties.weight_penalty import WeightPenalty
from regkit.types import Number, Schedule, Tensor

__all__ = ["ElasticNet", "elastic_net_penalty"]


def elastic_net_penalty(weights: Sequence[Tensor], strength: Number, l1_ratio: Number) -> Tensor:
    """Return strength · (ρ·Σ‖w‖₁ + (1 − ρ)/2·Σ‖w‖₂²), where ρ is `l1_ratio`.

    Example:
        >>> float(elastic_net_penalty([[1.0, -2.0]], 1.0, 0.5))
        2.75
    """
    absolute, square = sum_of_absolutes(weights), sum_of_squares(weights)
    return strength * (l1_ratio * absolute + 0.5 * (1.0 - l1_ratio) * square)


class ElasticNet(WeightPenalty):
    """Add a mixture of the L1 and the L2 penalty to the loss.

    strength · (ρ·Σ‖w‖₁ + (1 − ρ)/2·Σ‖w‖₂²) with ρ = `l1_ratio`, scikit-learn's formula: a linear
    Keras model trained on half the mean squared error reaches `sklearn.linear_model.ElasticNet`
    with `alpha=strength`.

    Args:
        strength: A number of at least 0 or a schedule; 0 leaves the step as it is.
        l1_ratio: The L1 part, in [0, 1]; a number or a schedule.
        layers: Which layers, see `regkit.core.select`; by default all.
        weights: Which weights of them, by name; kernels by default, never biases or scales.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where nothing is matched.

    References:
        Zou and Hastie 2005, Regularization and variable selection via the elastic net.

    Example:
        >>> ElasticNet(1e-3, l1_ratio=0.9)
        ElasticNet(strength=0.001, l1_ratio=0.9)
    """

    search_words = ("l1 and l2", "l1_l2", "Zou and Hastie")
    formula = staticmethod(elastic_net_penalty)

    def __init__(
        self,
        strength: Strength = 1e-4,
        l1_ratio: Annotated[float | Schedule, Real(0, 1, schedule=True)] = 0.5,
        *,
        layers: LayerOption = None,
        weights: WeightOption = "kernel",
    ) -> None:
        super().__init__(strength, layers=layers, weights=weights)
        self.l1_ratio = l1_ratio
