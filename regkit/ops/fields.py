"""Smooth random fields: normal, with the covariance exp(−r²/4σ²), from noise on a coarse grid.

White noise smoothed by a Gaussian of deviation σ has almost no detail finer than σ, so it need not
be drawn for every pixel. Nodes at distances of σ, weighted by Gaussians, give the same field to
2 · 10⁻⁴ of its variance, and the weighting is two small matrix products:

    field = Gy · Z · Gxᵀ,   G[i, j] ∝ exp(−(i − x_j)²/2σ²),   Σ_j G[i, j]² = 1

With rows of norm 1 the standard deviation is exactly 1 at every pixel, the border included. Where σ
is less than a pixel the nodes are the pixels, as smoothed noise on pixels is.
"""

from __future__ import annotations

import functools
import math

import keras
import numpy as np
from keras import ops

from regkit.types import Array, Number, Size, Tensor

__all__ = [
    "coarse_shape",
    "displacement_deviation",
    "gaussian_weights",
    "nodes",
    "resized",
    "smooth_field",
]

_REACH = 2.5  # in σ; nodes farther out would change a covariance at the border by 2 · 10⁻⁴

if keras.backend.backend() == "torch":
    from regkit.ops.backends.torch import pairs_of_fields  # laid out as `grid_sample` reads them


def _gaussian(distance: Array, sigma: float) -> Array:
    return np.asarray(np.exp(-0.5 * np.square(np.minimum(np.abs(distance) / sigma, 40.0))))


@functools.lru_cache(maxsize=64)
def gaussian_weights(size: int, sigma: float) -> Array:
    """Return G for one side of an image, float32 of shape (size, nodes), its rows of norm 1.

    Args:
        size: Pixels.
        sigma: In pixels, above 0; it may be larger than the image.

    Example:
        >>> gaussian_weights(28, 4.0).shape
        (28, 13)
    """
    spacing = max(sigma, 1.0)
    nodes = math.ceil((size - 1) / spacing + 2 * _REACH) + 1
    if spacing == 1.0:
        nodes += (nodes - size) % 2  # so that the nodes, centered on the image, are pixels
    places = (size - 1) / 2 + spacing * (np.arange(nodes) - (nodes - 1) / 2)
    weights = _gaussian(np.arange(size)[:, None] - places, sigma)
    return np.asarray(weights / np.linalg.norm(weights, axis=1, keepdims=True), "float32")


@functools.lru_cache(maxsize=64)
def displacement_deviation(sigma: float) -> float:
    """Return the standard deviation of Simard's displacement at α = 1, in pixels.

    Noise uniform on (−1, 1) at each pixel, convolved in both directions with a normalized Gaussian
    g: (1/√3) · Σ_k g_k². From σ = 1 on that is 1/(σ√(12π)) = 0.1629/σ.

    Example:
        >>> round(34 * displacement_deviation(4.0), 2)  # at Simard's α and σ
        1.38
    """
    reach = math.ceil(6 * sigma) + 1
    kernel = _gaussian(np.arange(-reach, reach + 1), sigma)
    return float(np.sum(np.square(kernel / kernel.sum())) / math.sqrt(3))


def coarse_shape(batch: Size, height: int, width: int, sigma: float) -> tuple[int, Size]:
    """Return the shape of the noise that `smooth_field` takes: (nodes down, all the rest).

    The rest is batch × 2 × nodes across, in this order and flat: backends fill and multiply long
    rows at full speed, but not rows of thirteen.

    Example:
        >>> coarse_shape(32, 28, 28, 4.0)
        (13, 832)
    """
    down, of_each = nodes(height, width, sigma)
    return down, batch * of_each


def nodes(height: int, width: int, sigma: float) -> tuple[int, int]:
    """Return how many rows that noise has, and how many numbers of an example each.

    Example:
        >>> nodes(28, 28, 4.0)
        (13, 26)
    """
    down, across = (gaussian_weights(side, sigma).shape[1] for side in (height, width))
    return down, 2 * across


def smooth_field(
    noise: Tensor, height: int, width: int, sigma: float, strength: Number = 1.0
) -> Tensor:
    """Return strength · Gy · Z · Gxᵀ: two independent smooth fields for every example.

    Args:
        noise: Z, standard normal, of `coarse_shape(batch, height, width, sigma)`.
        height: The height of the images, in pixels.
        width: Their width, in pixels.
        sigma: The deviation of the Gaussian, in pixels.
        strength: The standard deviation; a number, a scalar, or a tensor of shape (batch,).

    Returns:
        In the type of the noise, of shape (batch, height, width, 2): along x (columns), then along
        y (rows).

    Example:
        >>> noise = ops.ones(coarse_shape(5, 8, 6, 2.0))
        >>> tuple(smooth_field(noise, 8, 6, 2.0).shape)
        (5, 8, 6, 2)
    """
    down, across = gaussian_weights(height, sigma), gaussian_weights(width, sigma)
    if keras.backend.backend() == "torch":
        return pairs_of_fields(noise, down, across, strength)
    field = ops.matmul(ops.cast(down, noise.dtype), noise)
    field = ops.reshape(field, (-1, across.shape[1]))
    field = ops.matmul(field, ops.cast(across.T, noise.dtype))
    field = ops.transpose(ops.reshape(field, (height, -1, 2, width)), (1, 0, 3, 2))
    if not isinstance(strength, float | int) and len(strength.shape) == 1:
        strength = ops.reshape(strength, (-1, 1, 1, 1))
    return field * strength


def resized(field: Tensor, height: int, width: int) -> Tensor:
    """Return the same motion for images of another size, in their pixels.

    Between pixels the field is interpolated linearly; a displacement is scaled as the side along
    which it points.

    Args:
        field: Of shape (batch, rows, columns, 2).
        height: The height of the other images, in pixels.
        width: Their width, in pixels.

    Example:
        >>> field = ops.tile(ops.array([1.0, 3.0]), (1, 4, 4, 1))
        >>> ops.convert_to_numpy(resized(field, 4, 8))[0, 0, 0].tolist()
        [2.0, 3.0]
    """
    _, rows, columns, _ = field.shape
    if (rows, columns) == (height, width):
        return field
    down, across = (
        ops.cast(_linear(new, old), field.dtype) for new, old in ((height, rows), (width, columns))
    )
    scale = ops.cast([width / columns, height / rows], field.dtype)
    return ops.einsum("ir,brcd,jc->bijd", down, field, across) * scale


def _linear(new: int, old: int) -> Array:
    """Return the weights of `old` pixels at the centers of `new` ones on the same side."""
    places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(old)))
