"""How strongly a smooth random field strains an image, and how much of it folds over itself.

The slopes of a field of deviation s and covariance s²·exp(−r²/4σ²) are normal and, at one place,
independent: each has the deviation s/(√2·σ), the strain. A pixel is folded where the map p + u(p)
turns its neighbourhood over, det(I + ∇u) < 0.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from regkit.ops.fields import displacement_deviation

__all__ = ["alpha_of", "folded_share", "strain_of"]

_NODES = 24  # of the quadrature, for each of three slopes


def strain_of(alpha: float, sigma: float) -> float:
    """Return the strain of Simard's field, α/√3 · Σ g² / (√2·σ), from σ = 1 on 0.1152·α/σ².

    Example:
        >>> round(strain_of(34.0, 4.0), 3)
        0.245
    """
    return alpha * displacement_deviation(sigma) / (math.sqrt(2.0) * sigma)


def alpha_of(sigma: float, rms: float | None = None, strain: float | None = None) -> float:
    """Return α for a root mean square of the displacement in pixels, or for a strain.

    The displacement has two components, so its root mean square is √2 times the deviation of one.

    Example:
        >>> round(alpha_of(4.0, strain=0.245), 1), round(alpha_of(4.0, rms=1.96), 1)
        (34.0, 34.0)
    """
    deviation = displacement_deviation(sigma)
    if rms is not None:
        return rms / (math.sqrt(2.0) * deviation)
    assert strain is not None
    return strain * math.sqrt(2.0) * sigma / deviation


@functools.lru_cache(maxsize=64)
def folded_share(strain: float) -> float:
    """Return the share of an image that a field of this strain folds: P((1 + a)(1 + d) < b·c).

    a, b, c, d ~ N(0, strain²), independent. Over a, b and c by Gauss and Hermite's quadrature, over
    d in closed form.

    Example:
        >>> [round(folded_share(s), 4) for s in (0.245, 0.5, 1.0)]
        [0.0001, 0.068, 0.3067]
    """
    if strain == 0.0:
        return 0.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    a, b, c = (strain * part for part in np.meshgrid(nodes, nodes, nodes, indexing="ij"))
    w = np.prod(np.meshgrid(weights, weights, weights, indexing="ij"), axis=0)
    with np.errstate(divide="ignore"):
        limit = (b * c / (1 + a) - 1) / strain
    below = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in limit.ravel()])
    below = below.reshape(limit.shape)
    return float(np.sum(w * np.where(1 + a > 0, below, 1 - below)))
