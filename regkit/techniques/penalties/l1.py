"""The L1 penalty."""

from __future__ import annotations

from collections.abc import Sequence

from regkit.ops.norms import sum_of_absolutes
from regkit.techniques.penalties.weight_penalty import WeightPenalty
from regkit.types import Number, Tensor

__all__ = ["L1", "l1_penalty"]


def l1_penalty(weights: Sequence[Tensor], strength: Number) -> Tensor:
    """Return strength · Σ‖w‖₁.

    Example:
        >>> float(l1_penalty([[1.0, -2.0]], 0.5))
        1.5
    """
    return strength * sum_of_absolutes(weights)


class L1(WeightPenalty):
    """Add the sum of absolute weights to the loss, which drives many of them towards zero.

    strength · Σ‖w‖₁ over the matched weights, equal to `keras.regularizers.L1(strength)` on each.
    Gradient descent brings weights near zero, not to zero itself.

    Args:
        strength: A number of at least 0 or a schedule; 0 leaves the step as it is.
        layers: Which layers, see `regkit.core.select`; by default all.
        weights: Which weights of them, by name; kernels by default, never biases or scales.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where nothing is matched.

    References:
        Tibshirani 1996, Regression shrinkage and selection via the lasso; Goodfellow et al. 2016,
        Deep Learning, section 7.1.2.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.ones((8, 3)), np.ones((8, 1))
        >>> history = model.fit(x, y, callbacks=[L1(1e-3)], verbose=0)
        >>> sorted(history.history)
        ['data_loss', 'l1_penalty', 'loss']
    """

    search_words = ("lasso", "sparse weights", "weight penalty")
    formula = staticmethod(l1_penalty)
