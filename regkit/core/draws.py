"""Randomness as a pure function of (seed, technique, occurrence, step, stage, draw).

Two int32 keys name a draw. The first is a bijection of the step number. The second is, in any one
step, a bijection of (stage, draw, replica) for one base, and the base is a hash of (seed,
technique, occurrence). So within one technique no two draws of a training run share their keys,
whatever the step, and nothing depends on which other techniques are in the list. The step enters
the second key as well: the first is where a generator's counter starts, and counters of two steps
may overlap.
The numbers come from `regkit.ops.random` and are the same on every backend.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from typing import Any

from keras import ops

from regkit.ops import hashing
from regkit.ops import random as numbers
from regkit.ops.precision import wide

__all__ = ["Draws", "ambient_seed", "base_key", "layer_draws"]

Tensor = Any

_STAGE_BITS, _DRAW_BITS = 4, 16  # 2^16 draws a step for each stage; the rest tells replicas apart
_PLACES = 1 << (_DRAW_BITS - 1)  # half of them are counted, half have places of their own


def ambient_seed() -> int:
    """Return a seed that follows `keras.utils.set_random_seed`, without using anything up.

    Keras seeds its own layers from Python's generator, which `set_random_seed` sets. Looking ahead
    in a copy keeps the user's own stream as it would be without regkit.
    """
    ahead = random.Random()
    ahead.setstate(random.getstate())
    return ahead.randint(1, 10**9)


def base_key(seed: int, technique: str, occurrence: int) -> int:
    """Return the int32 base of all draws of one occurrence of a technique.

    Example:
        >>> base_key(0, "dropout", 0) == base_key(0, "dropout", 0)
        True
        >>> base_key(0, "dropout", 0) == base_key(0, "dropout", 1)
        False
    """
    key = hashing.mix_host(seed ^ (seed >> 32))
    key = hashing.mix_host(key + zlib.crc32(technique.encode()))
    return hashing.mix_host(key + occurrence)


def layer_draws(state: Tensor, layer: str) -> Draws:
    """Return the draws of one call of a layer, which knows no step.

    Args:
        state: What the layer's own `keras.random.SeedGenerator` gave for this call: seed, counter.
        layer: The kind of layer, so that two kinds of one seed draw apart.
    """
    state = ops.cast(state, "int32")
    base = hashing.mix(hashing.mix(state[0]) + hashing.to_int32(zlib.crc32(layer.encode())))
    return Draws(base, state[1])


class Draws:
    """The random numbers of one technique at one stage of one step; every call is a new draw.

    Args:
        base: int32 scalar, from `base_key`; a tensor or an integer.
        step: int32 scalar, the number of the step; likewise. Where both are integers the keys
            are made on the host, which spares an eager step twenty operations on scalars.
        stage: Position of the stage in the step.
        replica: Position of the replica under a distribution strategy.
    """

    def __init__(self, base: Tensor, step: Tensor, stage: int = 0, replica: Tensor = 0) -> None:
        self._first = _mix(step)
        self._base = base
        self._second = _xor(base, replica * (1 << (_STAGE_BITS + _DRAW_BITS)))
        self._stage = stage
        self._draw = 0

    def key(self) -> numbers.Key:
        """Return the pair of int32 keys of the next draw."""
        if self._draw >= _PLACES:
            raise RuntimeError(f"a technique may draw {_PLACES} times a step, not more")
        self._draw += 1
        return self._key(self._second, self._draw - 1)

    def key_at(self, place: int) -> numbers.Key:
        """Return the keys of a draw that is the same however often it is made within the step.

        For what several calls must see alike: the mask of a weight that a shared layer uses twice,
        or that every replica uses.
        """
        if not 0 <= place < _PLACES:
            raise RuntimeError(f"a place must be in [0, {_PLACES}), not {place}")
        return self._key(self._base, _PLACES + place)

    def _key(self, base: Tensor, draw: int) -> numbers.Key:
        place = (self._stage << _DRAW_BITS) | draw
        return self._first, _mix(_xor(_mix(_xor(base, place)), self._first))

    @property
    def position(self) -> int:
        """How many draws have been made, to which one may `rewind`."""
        return self._draw

    def rewind(self, to: int = 0) -> int:
        """Go back to an earlier draw, for a second pass, and return where it was."""
        was, self._draw = self._draw, to
        return was

    def uniform(self, shape: Sequence[Any], low: float = 0.0, high: float = 1.0) -> Tensor:
        """Return numbers uniform on (low, high): float32, or float64 where Keras computes in it."""
        return numbers.uniform(self.key(), shape, wide()) * (high - low) + low

    def normal(self, shape: Sequence[Any], stddev: Any = 1.0) -> Tensor:
        """Return normal numbers of mean 0, in the type of `uniform`."""
        return numbers.normal(self.key(), shape, wide()) * stddev

    def bernoulli(self, shape: Sequence[Any], probability: Any) -> Tensor:
        """Return booleans that are true with `probability`."""
        return numbers.bernoulli(self.key(), shape, probability)

    def integers(self, shape: Sequence[Any], low: int, high: Any) -> Tensor:
        """Return int32 numbers uniform on {low, …, high − 1}."""
        return numbers.integers(self.key(), shape, low, high)

    def permutation(self, size: Any) -> Tensor:
        """Return a random order of 0 … size − 1 as int32."""
        return numbers.permutation(self.key(), size)


def _mix(x: Tensor) -> Tensor:
    return hashing.mix_host(x) if isinstance(x, int) else hashing.mix(x)


def _xor(x: Tensor, y: Tensor) -> Tensor:
    if isinstance(x, int) and isinstance(y, int):
        return hashing.to_int32(x ^ y)
    return ops.bitwise_xor(x, y)
