"""A function applied to one example after the other, with the memory that one example needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
from keras import ops

from regkit.types import Nest, Tensor

__all__ = ["map_recomputed"]


def map_recomputed(function: Callable[..., Nest], xs: Nest, constants: Sequence[Tensor]) -> Nest:
    """Return the stacked `function(x, *constants)` for each x along the first axis of `xs`.

    For the gradient the function is computed again, so that its intermediate values need not be
    kept. Gradients flow to `xs` and to the constants, not to tensors that the function closes over.

    Example:
        >>> squares = map_recomputed(lambda x, c: c * x**2, ops.array([1.0, 2.0]), [ops.array(3.0)])
        >>> [float(square) for square in squares]
        [3.0, 12.0]
    """
    recomputed = keras.remat(function)
    return ops.map(lambda x: recomputed(x, *constants), xs)


if keras.backend.backend() == "torch":
    # A checkpoint for each example leaves small blocks of memory between the large ones, which
    # then cannot be reused: 700 MB for 128 masks of 800 × 800, one at a time.
    from regkit.ops.backends.torch_map import map_recomputed
