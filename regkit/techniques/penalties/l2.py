"""The L2 penalty."""

from __future__ import annotations

from collections.abc import Sequence

from regkit.ops.norms import sum_of_squares
from regkit.techniques.penalties.weight_penalty import WeightPenalty
from regkit.types import Number, Tensor

__all__ = ["L2", "l2_penalty"]


def l2_penalty(weights: Sequence[Tensor], strength: Number) -> Tensor:
    """Return strength · Σ‖w‖₂².

    Example:
        >>> float(l2_penalty([[1.0, -2.0]], 0.5))
        2.5
    """
    return strength * sum_of_squares(weights)


class L2(WeightPenalty):
    """Add the sum of squared weights to the loss, which shrinks all of them towards zero.

    strength · Σ‖w‖₂² over the matched weights, equal to `keras.regularizers.L2(strength)` on each.
    There is no factor ½ here; `WeightDecay` has it, as the textbook does.

    Args:
        strength: A number of at least 0 or a schedule; 0 leaves the step as it is.
        layers: Which layers, see `regkit.core.select`; by default all.
        weights: Which weights of them, by name; kernels by default, never biases or scales.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where nothing is matched.

    References:
        Hoerl and Kennard 1970, Ridge regression; Goodfellow et al. 2016, Deep Learning,
        section 7.1.1.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.ones((8, 3)), np.ones((8, 1))
        >>> history = model.fit(x, y, callbacks=[L2(1e-3)], verbose=0)
        >>> sorted(history.history)
        ['data_loss', 'l2_penalty', 'loss']
    """

    default_arms = ("l2(1e-4|1e-3)",)
    search_words = ("ridge", "Tikhonov", "weight penalty")
    formula = staticmethod(l2_penalty)
