"""Random numbers from a pair of int32 keys: uniform, normal, beta, bernoulli, integers, order.

Pure functions: the same keys and shape give the same numbers on every backend (the normal ones to
the accuracy of each backend's inverse error function, about 1e-6). In float64 they are the same
numbers of 23 bits, made normal with more digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
from keras import ops

from regkit.ops import hashing
from regkit.types import Number, Shape, Size, Tensor

__all__ = ["Key", "bernoulli", "beta", "integers", "normal", "permutation", "uniform"]

Key = tuple[Size, Size]
_CANDIDATES = 8


def _size(shape: Shape) -> Size:
    """Return the number of elements, an integer where the shape is known."""
    if all(isinstance(n, int) for n in shape):
        return math.prod(shape)
    return ops.prod(ops.stack([ops.cast(n, "int32") for n in shape]))


def _count(key: Key, shape: Shape) -> Size:
    """Return how many numbers a key gives: all, or those of an example where each has its own."""
    return _size(shape[1:] if len(getattr(key[1], "shape", ())) == 2 else shape)


def _flat_uniform(first: Size, second: Size, size: Size) -> Tensor:
    # Half a step is added so that 0 and 1 do not occur, where log and erfinv are infinite. With it
    # 23 bits fill the 24 of a float32; 24 bits would round the largest number to 1.
    whole = ops.bitwise_and(ops.right_shift(hashing.bits(first, second, size), 9), 0x7FFFFF)
    return (ops.cast(whole, "float32") + 0.5) * (2.0**-23)


def _flat_normal(first: Size, second: Size, size: Size) -> Tensor:
    return ops.erfinv(2.0 * _flat_uniform(first, second, size) - 1.0) * math.sqrt(2.0)


if keras.backend.backend() == "tensorflow":
    # A dozen integer operations in a row cost memory traffic unless XLA fuses them.
    from regkit.ops.backends.tensorflow import fused

    _flat_uniform = fused(_flat_uniform)
    _flat_normal = fused(_flat_normal)
elif keras.backend.backend() == "torch":
    # In place, since each operation of an eager step would allocate memory.
    from regkit.ops.backends.torch import flat_normal as _flat_normal
    from regkit.ops.backends.torch import flat_uniform as _flat_uniform


def uniform(key: Key, shape: Shape, dtype: str = "float32") -> Tensor:
    """Return numbers uniform on the open interval (0, 1), float32 or float64.

    Keys of shape (examples, 1) give each example, along the first axis, numbers of its own.
    """
    numbers = _flat_uniform(*key, _count(key, shape))
    return ops.reshape(numbers if dtype == "float32" else ops.cast(numbers, dtype), shape)


def normal(key: Key, shape: Shape, dtype: str = "float32") -> Tensor:
    """Return standard normal numbers, by the inverse of the distribution function."""
    if dtype == "float32":
        return ops.reshape(_flat_normal(*key, _count(key, shape)), shape)
    return ops.erfinv(2.0 * uniform(key, shape, dtype) - 1.0) * math.sqrt(2.0)


def bernoulli(key: Key, shape: Shape, probability: Number) -> Tensor:
    """Return booleans that are true with `probability` (a number or a tensor that broadcasts)."""
    return uniform(key, shape) < ops.cast(probability, "float32")


def integers(key: Key, shape: Shape, low: int, high: Size) -> Tensor:
    """Return int32 numbers uniform on {low, …, high − 1}."""
    span = ops.cast(high, "float32") - low
    return ops.cast(ops.floor(uniform(key, shape) * span), "int32") + low


def beta(keys: Sequence[Key], size: Size, alpha: Number) -> Tensor:
    """Return numbers of the symmetric distribution Beta(α, α), float32.

    G₁/(G₁ + G₂) of two numbers of Gamma(α), each by Marsaglia and Tsang's method for α + 1, times
    U^(1/α), in logarithms, so that a small α does not underflow. Of eight candidates the first
    that is accepted counts; that none is, happens once in 10¹⁰ numbers.

    Marsaglia and Tsang 2000, A simple method for generating gamma variables.

    Args:
        keys: Three pairs.
        size: How many numbers.
        alpha: α, above 0; a number or a scalar.

    Example:
        >>> tuple(beta([(1, 2), (3, 4), (5, 6)], 10, 0.2).shape)
        (10,)
    """
    shape = (2, size, _CANDIDATES)
    normals, uniforms = normal(keys[0], shape), uniform(keys[1], shape)
    d = alpha + 1.0 - 1.0 / 3.0
    cube = (1.0 + normals / ops.sqrt(9.0 * ops.convert_to_tensor(d, "float32"))) ** 3
    positive = cube > 0.0
    log_cube = ops.log(ops.where(positive, cube, 1.0))
    bound = 0.5 * normals**2 + d - d * cube + d * log_cube
    accepted = ops.logical_and(positive, ops.log(uniforms) < bound)
    first = ops.argmax(ops.cast(accepted, "int32"), axis=-1)
    logs = ops.take_along_axis(log_cube, ops.cast(first, "int32")[..., None], axis=-1)[..., 0]
    logs = logs + ops.log(uniform(keys[2], (2, size))) / alpha
    return ops.sigmoid(logs[0] - logs[1])


def permutation(key: Key, size: Size) -> Tensor:
    """Return a random order of 0 … size − 1 as int32."""
    return ops.cast(ops.argsort(_flat_uniform(*key, size)), "int32")
