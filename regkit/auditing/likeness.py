"""Which class an image looks like, by the nearest real images of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from regkit.types import Array

__all__ = ["Likeness", "Neighbours"]

_SIDE = 32  # larger images are averaged over blocks to at most this side
_UNIT = 28  # of so many parts of the side one is blurred, and one shifted
_GENUINE = 0.95  # of the real images of a class that are as near to their next one
_ROWS = 256  # images whose distances are computed at once


@dataclass(frozen=True)
class Likeness:
    """What each of some images looks like.

    Attributes:
        looks_like: A class for each: another than its own only where it lies as near to a real
            image of that class as such images do to each other, and nearer than to its own.
        nearest: The number of the nearest real image.
        distance: To it.
    """

    looks_like: Array
    nearest: Array
    distance: Array


class Neighbours:
    """Judges images by real ones, in pixels, tolerant of small shifts.

    Images are blurred with a deviation of 1/28 of the side and compared by the least Euclidean
    distance over shifts of up to 1/28 of it. An image passes for class b where its nearest real
    image is of b, and no farther away than nineteen in twenty real images of b are from their next.

    Args:
        x: Real images, (examples, height, width, channels).
        y: Their classes.
        n_classes: How many there are.
        judged: The numbers of those that are judged later; none is compared with itself.
    """

    def __init__(self, x: Array, y: Array, n_classes: int, judged: Array) -> None:
        self._y, self._n_classes = y, n_classes
        small = _small(x)
        self._shift = round(min(small.shape[1:3]) / _UNIT)
        self._rows = small.reshape(len(small), -1)
        self._squares = np.sum(np.square(self._rows), axis=1)
        self._judged = judged
        near, _ = self._near(x[judged])
        own = near[np.arange(len(judged)), y[judged]]
        self._radius = np.array(
            [_quantile(own[y[judged] == c]) for c in range(n_classes)], np.float64
        )
        self.unchanged = self(x[judged])

    def __call__(self, x: Array) -> Likeness:
        """Return what changed versions of the judged images look like, in the same order."""
        near, number = self._near(x)
        rows, own = np.arange(len(x)), self._y[self._judged]
        to = near.argmin(axis=1)
        distance = near[rows, to]
        passes = distance <= self._radius[to]
        return Likeness(np.where(passes, to, own), number[rows, to], distance)

    def _near(self, x: Array) -> tuple[Array, Array]:
        """Return the distance to each class, and the number of the image that is as near."""
        near = np.full((len(x), self._n_classes), np.inf)
        number = np.zeros(near.shape, np.int64)
        for start in range(0, len(x), _ROWS):
            some = slice(start, start + _ROWS)
            squared = self._squared(_small(x[some]), self._judged[some])
            for label in range(self._n_classes):
                members = np.flatnonzero(self._y == label)
                place = squared[:, members].argmin(axis=1)
                near[some, label] = squared[np.arange(len(place)), members[place]]
                number[some, label] = members[place]
        return np.sqrt(near), number

    def _squared(self, small: Array, themselves: Array) -> Array:
        """Return squared distances to all real images, but to each one's own original."""
        _, height, width, _ = small.shape
        reach = self._shift
        padded = np.pad(small, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
        best = np.full((len(small), len(self._rows)), np.inf, np.float32)
        for down in range(2 * reach + 1):
            for across in range(2 * reach + 1):
                shifted = padded[:, down : down + height, across : across + width]
                rows = shifted.reshape(len(small), -1)
                squares = np.sum(np.square(rows), axis=1)[:, None]
                np.minimum(best, squares + self._squares - 2.0 * (rows @ self._rows.T), out=best)
        np.maximum(best, 0.0, out=best)
        best[np.arange(len(small)), themselves] = np.inf
        return best


def _quantile(distances: Array) -> float:
    return float(np.quantile(distances, _GENUINE)) if len(distances) else 0.0


def _small(x: Array) -> Array:
    """Return images as they are compared: averaged to a small side, and blurred."""
    x = np.nan_to_num(np.asarray(x, np.float32))
    block = -(-min(x.shape[1:3]) // _SIDE)
    if block > 1:
        height, width = (side // block * block for side in x.shape[1:3])
        parts = x[:, :height, :width].reshape(
            len(x), height // block, block, width // block, block, x.shape[3]
        )
        x = parts.mean(axis=(2, 4))
    sigma = min(x.shape[1:3]) / _UNIT
    blurred = ndimage.gaussian_filter(x, (0, sigma, sigma, 0), mode="nearest")
    return np.ascontiguousarray(blurred, np.float32)
