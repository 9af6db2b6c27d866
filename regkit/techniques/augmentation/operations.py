"""What automatic augmentation chooses from: fourteen operations, and how far each of them goes."""

# Helper module: it has no technique.

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from keras import ops

from regkit.core.context import Context
from regkit.core.motion import ImageSizes
from regkit.ops import photometric
from regkit.ops.geometry import Affine, PlaceMap, composed
from regkit.ops.precision import wide
from regkit.techniques.augmentation.affine_motion import matrix_of
from regkit.types import Number, Tensor

__all__ = ["MOTIONS", "RECOLOURINGS", "Pick", "Reach", "motion_of", "pick", "recoloured"]

MOTIONS = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate")
RECOLOURINGS = (
    "auto_contrast",
    "equalize",
    "posterize",
    "solarize",
    "colour",
    "contrast",
    "brightness",
    "sharpness",
)


@dataclass(frozen=True)
class Reach:
    """How far operations go at the magnitude 1.

    Attributes:
        shear: The tangent of the slant.
        shift: Of translations, a part of the side.
        degrees: Of rotations.
        blend: Colour, contrast, brightness and sharpness are 1 ± this, times the image's own.
        bits: How many of the 8 posterizing takes away.
    """

    shear: float
    shift: float
    degrees: float
    blend: float
    bits: float


@dataclass(frozen=True)
class Pick:
    """One operation for each example, each of shape (batch,).

    Attributes:
        which: Its place in a list of names.
        magnitude: In [0, 1].
        sign: 1 or −1, for those that go in two directions.
    """

    which: Tensor
    magnitude: Tensor
    sign: Tensor


def pick(names: Sequence[str], magnitude: Tensor, size: Tensor | int, context: Context) -> Pick:
    """Draw an operation and a sign for each example.

    Example:
        >>> from regkit.core.draws import Draws
        >>> from regkit.core.outside import context_outside
        >>> own = pick(("rotate", "solarize"), ops.ones(3), 3, context_outside(Draws(1, 0)))
        >>> tuple(own.which.shape), float(ops.max(ops.abs(own.sign)))
        ((3,), 1.0)
    """
    which = context.draws.integers((size,), 0, len(names))
    positive = context.draws.bernoulli((size,), 0.5)
    one = ops.ones_like(magnitude)
    return Pick(which, magnitude, ops.where(positive, one, -one))


def motion_of(
    picks: Sequence[Pick], names: Sequence[str], reach: Reach, images: ImageSizes
) -> tuple[PlaceMap, Tensor]:
    """Return the joint map of the operations that move pixels, and which examples stay in place.

    Args:
        picks: One after the other.
        names: That `which` counts.
        reach: How far they go.
        images: The sizes of the images.
    """
    maps: list[PlaceMap] = [_affine(one, names, reach, images) for one in picks]
    moves = [_is_one_of(one, names, MOTIONS) for one in picks]
    still = ops.logical_not(functools.reduce(ops.logical_or, moves))
    return functools.reduce(composed, maps), still


def _affine(one: Pick, names: Sequence[str], reach: Reach, images: ImageSizes) -> Affine:
    height, width = images.largest

    def amount(name: str, most: float) -> Number:
        if name not in names:
            return 0.0
        hit = ops.equal(one.which, names.index(name))
        return ops.where(hit, one.sign * one.magnitude * most, 0.0)

    angle = amount("rotate", reach.degrees * math.pi / 180.0) + 0.0 * one.magnitude
    cos, sin = ops.cos(angle), ops.sin(angle)
    across, down = amount("translate_x", reach.shift), amount("translate_y", reach.shift)
    matrix = matrix_of(
        [
            [cos, amount("shear_x", reach.shear) - sin, across * width],
            [amount("shear_y", reach.shear) + sin, cos, down * height],
        ],
        angle,
    )
    return Affine(matrix, images.largest, images.largest)


def _is_one_of(one: Pick, names: Sequence[str], among: Sequence[str]) -> Tensor:
    found = ops.zeros_like(one.which, dtype="bool")
    for place, name in enumerate(names):
        found = ops.logical_or(found, ops.equal(one.which, place)) if name in among else found
    return found


def recoloured(
    images: Tensor,
    picks: Sequence[Pick],
    names: Sequence[str],
    reach: Reach,
    bounds: tuple[Number, Number],
) -> Tensor:
    """Return images, floating, with those operations that change values, one after the other.

    An example of which none is chosen stays bit for bit.

    Args:
        images: Of shape (batch, height, width, channels).
        picks: One after the other.
        names: That `which` counts.
        reach: How far they go.
        bounds: The least and the largest value of a pixel.
    """
    x = ops.cast(images, wide(images))
    low, high = (ops.cast(bound, x.dtype) for bound in bounds)
    extent = ops.where(high > low, high - low, 1.0)
    values = ops.clip((x - low) / extent, 0.0, 1.0)
    changes = ops.zeros((1, 1, 1, 1), "bool")
    for one in picks:
        for place, name in enumerate(names):
            if name in RECOLOURINGS:
                hit = ops.reshape(ops.equal(one.which, place), (-1, 1, 1, 1))
                values = ops.where(hit, _OPERATIONS[name](values, one, reach), values)
                changes = ops.logical_or(changes, hit)
    return ops.where(changes, low + values * extent, x)


def _factor(one: Pick, reach: Reach, like: Tensor) -> Tensor:
    factor = 1.0 + one.sign * one.magnitude * reach.blend
    return ops.cast(ops.reshape(factor, (-1, 1, 1, 1)), like.dtype)


def _magnitude(one: Pick, like: Tensor) -> Tensor:
    return ops.cast(ops.reshape(one.magnitude, (-1, 1, 1, 1)), like.dtype)


def _blend_with(other: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Pick, Reach], Tensor]:
    return lambda x, one, reach: photometric.blended(x, other(x), _factor(one, reach, x))


_OPERATIONS: dict[str, Callable[[Tensor, Pick, Reach], Tensor]] = {
    "auto_contrast": lambda x, one, reach: photometric.auto_contrasted(x),
    "equalize": lambda x, one, reach: photometric.equalized(x),
    "posterize": lambda x, one, reach: photometric.posterized(
        x, 8.0 - ops.round(_magnitude(one, x) * reach.bits)
    ),
    # At the magnitude 0 no level is as bright.
    "solarize": lambda x, one, reach: photometric.solarized(x, 256.0 * (1.0 - _magnitude(one, x))),
    "colour": _blend_with(photometric.grey),
    "contrast": _blend_with(photometric.mean_grey),
    "brightness": _blend_with(ops.zeros_like),
    "sharpness": _blend_with(photometric.smoothed),
}
