"""The random generators of a transform, begun anew for each sample.

Albumentations draws from two generators, NumPy's and Python's. A composition that is seeded once
gives every transform in it the same numbers, and a worker that is forked replays those of another.
Here both draw from one counter-based generator (Philox), whose key is the sample: nothing depends
on what was drawn before, in which worker, or in which order. To set it takes a microsecond, where
two new generators take fifteen.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Generators"]

_WORD = 2**64


class Generators:
    """NumPy's and Python's generator on one stream, which is chosen for each sample.

    Attributes:
        numpy: NumPy's generator.
        python: Python's.

    Example:
        >>> one, other = Generators(), Generators()
        >>> for generators in (one, other):
        ...     generators.streams(seed=1, epoch=0)(7)
        >>> one.python.random() == other.python.random()
        True
        >>> other.streams(seed=1, epoch=0)(8)
        >>> one.numpy.random() == other.numpy.random()
        False
    """

    def __init__(self) -> None:
        self._bits = np.random.Philox(key=0)
        self.numpy = np.random.Generator(self._bits)
        self.python = _Python(self.numpy)
        self._fresh: Any = self._bits.state

    def streams(self, seed: int, epoch: int) -> Callable[[int], None]:
        """Return the function that begins the stream of a sample, by its number from 0 to 2⁶⁴ − 1.

        The streams of different seeds, epochs and samples never overlap.
        """
        bits, fresh, python = self._bits, self._fresh, self.python
        key, counter = (fresh["state"][name] for name in ("key", "counter"))
        key[0] = seed % _WORD
        counter[3] = epoch % _WORD  # 2^192 numbers from one epoch to the next

        def begin(number: int) -> None:
            key[1] = number
            bits.state = fresh
            python.gauss_next = None

        return begin


class _Python(random.Random):
    """Python's generator, with its numbers from NumPy's; what else it gives, it makes of them."""

    gauss_next: float | None  # CPython's: of a pair of normal numbers, the one that is left over

    def __init__(self, source: np.random.Generator) -> None:
        self._source = source
        super().__init__(0)
        self.random = source.random  # type: ignore[method-assign]  # straight to the one in C

    def getrandbits(self, k: int) -> int:
        """Return a whole number of k random bits."""
        size = (k + 7) // 8
        return int.from_bytes(self._source.bytes(size), "little") >> (8 * size - k)
