"""A counter-based random generator in int32 arithmetic, the same numbers on every backend.

Two multiply-xorshift mixers (Steele and Vigna 2021; the constants are those of C. Wellons'
`triple32` and `lowbias32`). Signed 32-bit integers overflow in the same way on TensorFlow, JAX and
PyTorch, unsigned ones do not: all arithmetic is int32, and right shifts are masked to be logical.

`mix` and `mix_host` are the same bijection of 32-bit integers, on tensors and on Python integers.
"""

from __future__ import annotations

from keras import ops

from regkit.types import Size, Tensor

__all__ = ["TRIPLE32", "bits", "mix", "mix_host", "mixed", "mixed_with", "to_int32"]

_MASK = 0xFFFFFFFF


def to_int32(value: int) -> int:
    """Return the signed 32-bit integer with the low 32 bits of `value`.

    Example:
        >>> to_int32(0xFFFFFFFF), to_int32(2**32 + 7)
        (-1, 7)
    """
    return ((value & _MASK) ^ 0x80000000) - 0x80000000


TRIPLE32 = tuple(to_int32(factor) for factor in (0xED5AD4BB, 0xAC4C1B51, 0x31848BAB))


def _shift(x: Tensor, places: int) -> Tensor:
    return ops.bitwise_and(ops.right_shift(x, places), (1 << (32 - places)) - 1)


def mix(x: Tensor) -> Tensor:
    """Return each int32 number mixed by a bijection of all of them (`lowbias32`)."""
    x = ops.bitwise_xor(x, _shift(x, 16)) * to_int32(0x7FEB352D)
    x = ops.bitwise_xor(x, _shift(x, 15)) * to_int32(0x846CA68B)
    return ops.bitwise_xor(x, _shift(x, 16))


def mix_host(x: int) -> int:
    """Return `mix(x)` for a Python integer, as a signed 32-bit integer.

    Example:
        >>> mix_host(0), mix_host(1) != mix_host(2)
        (0, True)
    """
    x &= _MASK
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return to_int32(x ^ (x >> 16))


def mixed(x: Tensor | int) -> Tensor | int:
    """Return `mix(x)`, of a Python integer on the host."""
    return mix_host(x) if isinstance(x, int) else mix(x)


def mixed_with(x: Tensor | int, *others: Tensor | int) -> Tensor | int:
    """Return x, each of the others joined by exclusive or and mixed in, one after the other.

    For fixed others a bijection of x, and the other way round.

    Example:
        >>> mixed_with(3, 5) == mix_host(3 ^ 5)
        True
    """
    for other in others:
        if isinstance(x, int) and isinstance(other, int):
            x = mix_host(x ^ other)
        else:
            x = mix(ops.bitwise_xor(x, other))
    return x


def bits(first: Size, second: Size, size: Size) -> Tensor:
    """Return `size` random int32, a pure function of two int32 keys and the position.

    The first key moves the counter, the second enters after one round of mixing, so that streams
    of different keys do not overlap, not even shifted against each other.

    Args:
        first: An int32 scalar, a tensor or an integer.
        second: Another.
        size: How many numbers, an integer or an int32 scalar tensor.

    Example:
        >>> tuple(bits(1, 2, 5).shape)
        (5,)
    """
    x = ops.arange(size, dtype="int32") + first
    x = ops.bitwise_xor(x, _shift(x, 17)) * TRIPLE32[0]
    x = ops.bitwise_xor(x, _shift(x, 11)) + second
    x = x * TRIPLE32[1]
    x = ops.bitwise_xor(x, _shift(x, 15)) * TRIPLE32[2]
    return ops.bitwise_xor(x, _shift(x, 14))
