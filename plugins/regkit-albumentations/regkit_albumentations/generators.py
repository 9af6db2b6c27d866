"""The random generators of a transform, started again for each sample.

Albumentations draws from two generators, NumPy's and Python's. A composition that is seeded once
gives every transform in it the same numbers, and a forked worker replays those of another. Here
both generators start again with each sample: its numbers do not depend on draws before it, on the
worker, or on the order of the samples.

Two new generators would take longer than many a transform. Therefore
Python's first numbers, as many as any sample has drawn so far, are made for a whole batch at once,
and NumPy's generator, counter-based with the sample as its key, is set when it is first used.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Generators", "stream", "uniforms"]

_ALL = 2**64 - 1  # the bits of a word
_GAMMA = 0x9E3779B97F4A7C15  # an odd number near 2⁶⁴ / golden ratio
_FEWEST = 4  # numbers made for each sample at first
_SEVERAL = 8  # samples for which NumPy makes numbers faster than Python does


class Generators:
    """NumPy's and Python's generator on streams that are chosen for each sample.

    Attributes:
        numpy: NumPy's generator.
        python: Python's.

    Example:
        >>> first, second = Generators(), Generators()
        >>> for generators in (first, second):
        ...     draw = generators.streams(seed=1, epoch=0, numbers=[7])(0)
        >>> first.python.random() == second.python.random()
        True
        >>> draw = second.streams(seed=1, epoch=0, numbers=[8])(0)
        >>> first.numpy.random() == second.numpy.random()
        False
    """

    def __init__(self) -> None:
        self._bits = np.random.Philox(key=0)
        self._fresh = self._bits.state | {"buffer": [0] * 4}
        self.numpy = _Lazy(self._bits)
        self.python = _Python(self.numpy)
        self._enough = _FEWEST

    def streams(
        self, seed: int, epoch: int, numbers: Sequence[int]
    ) -> Callable[[int], Callable[[], float]]:
        """Return the function that starts the streams of a sample, given its position in a batch.

        It returns the function that draws Python's next number. NumPy's streams of different
        seeds, epochs and samples never overlap.

        Args:
            seed: A whole number, used modulo 2⁶⁴.
            epoch: The epoch.
            numbers: The numbers of the batch's samples, from 0 to 2⁶⁴ − 1.
        """
        bits, late, python = self._bits, self.numpy, self.python
        key = [seed & _ALL, 0]
        counter = [0, 0, 0, epoch & _ALL]  # 2^192 numbers from one epoch to the next
        # Lists, because NumPy reads their numbers faster than those of an array.
        fresh: Any = self._fresh | {"state": {"key": key, "counter": counter}}
        count = self._enough if len(numbers) >= _SEVERAL else 0
        rows = uniforms(seed, epoch, numbers, count).tolist() if count else []

        def set_state() -> None:
            bits.state = fresh

        def begin(place: int) -> Callable[[], float]:
            key[1] = number = numbers[place]
            late.pending = set_state
            python.gauss_next = None
            rest = self._rest(seed, epoch, number, count)
            draw = itertools.chain(rows[place], rest).__next__ if count else rest.__next__
            python.random = draw  # type: ignore[method-assign]
            return draw

        return begin

    def _rest(self, seed: int, epoch: int, number: int, count: int) -> Iterator[float]:
        """Yield the numbers of a sample after the first `count`."""
        for drawn, uniform in enumerate(stream(seed, epoch, number, count), count + 1):
            if drawn > self._enough:
                self._enough = 2 * drawn
            yield uniform


class _Lazy(np.random.Generator):
    """NumPy's generator; its stream is set when it is first used."""

    pending: Callable[[], None] | None = None

    def __getattribute__(self, name: str) -> Any:
        get = super().__getattribute__
        begin = get("pending")
        if begin is not None:
            self.pending = None
            begin()
        return get(name)


class _Python(random.Random):
    """Python's generator; its `random`, from which all else follows, is set for each sample."""

    gauss_next: float | None  # of CPython: the second of a pair of normal numbers

    def __init__(self, source: np.random.Generator) -> None:
        self._source = source
        super().__init__(0)

    def getrandbits(self, k: int) -> int:
        """Return a whole number of k random bits."""
        size = (k + 7) // 8
        return int.from_bytes(self._source.bytes(size), "little") >> (8 * size - k)


def uniforms(seed: int, epoch: int, numbers: Sequence[int], count: int) -> NDArray[np.float64]:
    """Return `count` numbers from 0 to 1 for each sample, by seed, epoch and number alone.

    Each row is a stream of SplitMix64 that starts at a hash of the three.

    References:
        Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators, figure 17.

    Example:
        >>> two, single = uniforms(1, 0, [3, 4], 2), uniforms(1, 0, [4], 3)
        >>> two.shape, bool((two[1] == single[0, :2]).all()), bool((two[0] == single[0, :2]).any())
        ((2, 2), True, False)
    """
    start = _mix(np.asarray(numbers, np.uint64) + _start(seed, epoch))
    words = _mix(start[:, None] + _steps(count))
    return np.asarray((words >> 11) * 2.0**-53, np.float64)


@functools.cache
def _steps(count: int) -> NDArray[np.uint64]:
    return np.arange(1, count + 1, dtype=np.uint64) * _GAMMA


def stream(seed: int, epoch: int, number: int, skipped: int = 0) -> Iterator[float]:
    """Yield the numbers of a row of `uniforms`, without end.

    Example:
        >>> list(itertools.islice(stream(1, 0, 4), 3)) == uniforms(1, 0, [4], 3)[0].tolist()
        True
    """
    word = _mixed(_start(seed, epoch) + number) + skipped * _GAMMA
    while True:
        word += _GAMMA
        yield (_mixed(word) >> 11) * 2.0**-53


def _start(seed: int, epoch: int) -> int:
    return _mixed(_mixed(seed + _GAMMA) + epoch + _GAMMA) + _GAMMA & _ALL


_ROUNDS = (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)  # shift and factor, then a shift by 31


def _mixed(word: int) -> int:
    """Return a bijection of the last 64 bits; each bit of it depends on all."""
    word &= _ALL
    for shift, factor in _ROUNDS:
        word = (word ^ word >> shift) * factor & _ALL
    return word ^ word >> 31


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Do the same as `_mixed` to many words, in place."""
    for shift, factor in _ROUNDS:
        words ^= words >> shift
        words *= factor
    words ^= words >> 31
    return words
