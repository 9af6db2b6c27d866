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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from keras import ops

from regkit.ops import hashing
from regkit.ops import random as numbers
from regkit.ops.precision import wide
from regkit.types import Number, Tensor

__all__ = [
    "Draws",
    "ambient_from",
    "ambient_seed",
    "base_key",
    "draws_of_step",
    "layer_draws",
    "step_key",
]

Shape = Sequence[Tensor | int]

_REPLICA_BITS = 12
_STAGE_BITS, _DRAW_BITS = 4, 16  # 2^16 draws a step for each stage; the rest tells replicas apart
_PLACES = 1 << (_DRAW_BITS - 1)  # half of them are counted, half have places of their own


# Where the seeds come from that nobody has given; `drawn_from` puts a generator in its place.
_source: Any = random


@contextmanager
def ambient_from(own: random.Random) -> Iterator[None]:
    """Let ambient seeds follow from a generator within the block, whatever other threads draw."""
    global _source
    before, _source = _source, own
    try:
        yield
    finally:
        _source = before


def ambient_seed() -> int:
    """Return a seed that follows `keras.utils.set_random_seed`, without using anything up.

    Keras seeds its own layers from Python's generator, which `set_random_seed` sets. Looking ahead
    in a copy keeps the user's own stream as it would be without regkit.
    """
    ahead = random.Random()
    ahead.setstate(_source.getstate())
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


def step_key(step: Tensor | int) -> Tensor | int:
    """Return the first of the two keys of all draws of a step."""
    return hashing.mixed(step)


def draws_of_step(
    places: Iterable[tuple[Tensor | int, int]], step: Tensor | int, replica: Tensor | int = 0
) -> list[Draws]:
    """Return draws for several techniques and stages of one step, from (base, stage) of each.

    Example:
        >>> first, second = draws_of_step([(1, 0), (1, 2)], step=5)
        >>> first.key() == Draws(1, 5, 0).key() != second.key()
        True
    """
    # The key of a tensor now, and once: one made in an inner trace cannot be used outside of it.
    first = None if isinstance(step, int) else step_key(step)
    return [Draws(base, step, stage, replica, first) for base, stage in places]


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
        first: `step_key(step)`, where it is made already, for all techniques at once.

    Example:
        >>> draws = Draws(base_key(0, "dropout", 0), step=0)
        >>> tuple(draws.uniform((2, 3)).shape)
        (2, 3)
    """

    of_examples = False  # whether each example has numbers of its own, whatever the batch

    def __init__(
        self,
        base: Tensor | int,
        step: Tensor | int,
        stage: int = 0,
        replica: Tensor | int = 0,
        first: Tensor | int | None = None,
    ) -> None:
        # The key of a tensor now: one made within an inner trace cannot be used outside of it.
        self._first = step_key(step) if first is None and not isinstance(step, int) else first
        self._step = step
        self._base = self._second = base
        if not isinstance(replica, int) or replica:
            self._second = _apart(base, replica)
        self._stage = stage
        self._draw = 0

    def key(self) -> numbers.Key:
        """Return the pair of int32 keys of the next draw.

        Example:
            >>> draws = Draws(1, 0)
            >>> draws.key() != draws.key()
            True
        """
        if self._draw >= _PLACES:
            raise RuntimeError(f"a technique may draw {_PLACES} times a step, not more")
        self._draw += 1
        return self._key(self._second, self._draw - 1)

    def key_at(self, place: int) -> numbers.Key:
        """Return the keys of a draw that is the same however often it is made within the step.

        For what several calls must see alike: the mask of a weight that a shared layer uses twice,
        or that every replica uses.

        Example:
            >>> draws = Draws(1, 0)
            >>> draws.key_at(0) == draws.key_at(0) != draws.key_at(1)
            True
        """
        if not 0 <= place < _PLACES:
            raise RuntimeError(f"a place must be in [0, {_PLACES}), not {place}")
        return self._key(self._base, _PLACES + place)

    def _key(self, base: Tensor | int, draw: int) -> numbers.Key:
        place = (self._stage << _DRAW_BITS) | draw
        if self._first is None:
            self._first = step_key(self._step)
        return self._first, hashing.mixed_with(base, place, self._first)

    @property
    def position(self) -> int:
        """How many draws have been made, to which one may `rewind`.

        Example:
            >>> draws = Draws(1, 0)
            >>> key = draws.key()
            >>> draws.position
            1
        """
        return self._draw

    def rewind(self, to: int = 0) -> int:
        """Go back to an earlier draw, for a second pass, and return where it was.

        Example:
            >>> draws = Draws(1, 0)
            >>> before = draws.key()
            >>> draws.rewind(), draws.key() == before
            (1, True)
        """
        was, self._draw = self._draw, to
        return was

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Return numbers uniform on (low, high): float32, or float64 where Keras computes in it.

        Example:
            >>> values = Draws(1, 0).uniform((100,), -1.0, 1.0)
            >>> bool(ops.all(ops.abs(values) < 1))
            True
        """
        return numbers.uniform(self.key(), shape, wide()) * (high - low) + low

    def normal(self, shape: Shape, stddev: Number = 1.0) -> Tensor:
        """Return normal numbers of mean 0, in the type of `uniform`.

        Example:
            >>> tuple(Draws(1, 0).normal((2, 3), stddev=0.1).shape)
            (2, 3)
        """
        return numbers.normal(self.key(), shape, wide()) * stddev

    def normal_rows(self, rows: int, size: Tensor | int, width: int) -> Tensor:
        """Return normal numbers of shape (rows, size·width): in each row those of all examples.

        For what multiplies long rows: those of an example are the columns k·width to (k + 1)·width.

        Example:
            >>> tuple(Draws(1, 0).normal_rows(3, 5, 2).shape)
            (3, 10)
        """
        return self.normal((rows, size * width))

    def bernoulli(self, shape: Shape, probability: Number) -> Tensor:
        """Return booleans that are true with `probability`.

        Example:
            >>> bool(ops.any(Draws(1, 0).bernoulli((8,), 0.0)))
            False
        """
        return numbers.bernoulli(self.key(), shape, probability)

    def beta(self, size: Tensor | int, alpha: Number) -> Tensor:
        """Return `size` numbers of the symmetric distribution Beta(α, α), in the type of `uniform`.

        Example:
            >>> values = Draws(1, 0).beta(100, 0.2)
            >>> bool(ops.all((values >= 0) & (values <= 1)))
            True
        """
        return ops.cast(numbers.beta([self.key() for _ in range(3)], size, alpha), wide())

    def integers(self, shape: Shape, low: int, high: Tensor | int) -> Tensor:
        """Return int32 numbers uniform on {low, …, high − 1}.

        Example:
            >>> values = Draws(1, 0).integers((100,), 3, 5)
            >>> sorted({int(value) for value in values})
            [3, 4]
        """
        return numbers.integers(self.key(), shape, low, high)

    def permutation(self, size: Tensor | int) -> Tensor:
        """Return a random order of 0 … size − 1 as int32.

        Example:
            >>> sorted(int(place) for place in Draws(1, 0).permutation(4))
            [0, 1, 2, 3]
        """
        return numbers.permutation(self.key(), size)


def _apart(base: Tensor | int, replica: Tensor | int) -> Tensor | int:
    """Return the base for one of several replicas; the bits above stage and draw tell them apart.

    There are 2¹² places; what is beyond is mixed into the base.
    """
    shift = _STAGE_BITS + _DRAW_BITS
    if isinstance(base, int) and isinstance(replica, int):
        beyond = hashing.mix_host(replica >> _REPLICA_BITS)
        return hashing.to_int32(base ^ beyond ^ (replica << shift))
    place = ops.cast(replica, "int32")
    base = ops.bitwise_xor(base, hashing.mix(ops.right_shift(place, _REPLICA_BITS)))
    return ops.bitwise_xor(base, ops.left_shift(place, shift))
