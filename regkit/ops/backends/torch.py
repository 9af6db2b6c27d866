"""PyTorch: random numbers made in place, images sampled by `grid_sample`, devices and memory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from keras import ops

from regkit.ops.hashing import TRIPLE32
from regkit.types import Array, Number, Size

__all__ = [
    "checked_one_hot",
    "device_names",
    "device_peak",
    "flat_normal",
    "flat_uniform",
    "grid_sampled",
    "pairs_of_fields",
    "turned",
]


def _shift(x: torch.Tensor, places: int) -> torch.Tensor:
    return x.bitwise_right_shift(places).bitwise_and_((1 << (32 - places)) - 1)


def _bits(first: Size, second: Size, size: Size) -> torch.Tensor:
    """Return `regkit.ops.hashing.bits`; keys are not added in place, as they may be batched."""
    x = ops.arange(size, dtype="int32") + first
    x.bitwise_xor_(_shift(x, 17)).mul_(TRIPLE32[0])
    x = x.bitwise_xor_(_shift(x, 11)) + second
    x.mul_(TRIPLE32[1])
    x.bitwise_xor_(_shift(x, 15)).mul_(TRIPLE32[2])
    return x.bitwise_xor_(_shift(x, 14))


def flat_uniform(first: Size, second: Size, size: Size) -> torch.Tensor:
    """Return `size` float32 numbers uniform on (0, 1), as `regkit.ops.random` defines them."""
    whole = _bits(first, second, size).bitwise_right_shift_(9).bitwise_and_(0x7FFFFF)
    return whole.to(torch.float32).add_(0.5).mul_(2.0**-23)


def flat_normal(first: Size, second: Size, size: Size) -> torch.Tensor:
    """Return `size` standard normal numbers, by the inverse of the distribution function."""
    uniform = flat_uniform(first, second, size)
    return uniform.mul_(2.0).sub_(1.0).erfinv_().mul_(math.sqrt(2.0))


def pairs_of_fields(
    noise: torch.Tensor, down: Array, across: Array, strength: Number
) -> torch.Tensor:
    """Return `regkit.ops.fields.smooth_field`, the two fields side by side in memory.

    One product computes both fields of an example, by a matrix of twice the size with zeros
    between, so that nothing of the size of the images is copied or stacked.
    """
    rows, (width, nodes) = down.shape[1], across.shape
    pairs = np.einsum("wn,cd->cnwd", across, np.eye(2, dtype="float32"))
    pairs = ops.convert_to_tensor(pairs.reshape(2 * nodes, 2 * width)).to(noise.dtype)
    if isinstance(strength, torch.Tensor) and strength.dim():
        strength = strength.repeat_interleave(2 * nodes)
    coarse = (noise * strength).reshape(rows, -1, 2 * nodes).transpose(0, 1)
    field = torch.matmul(coarse.reshape(-1, 2 * nodes), pairs).reshape(-1, rows, 2 * width)
    field = torch.matmul(ops.convert_to_tensor(down).to(noise.dtype), field)
    return field.reshape(-1, len(down), width, 2)


def turned(off: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Return A·p + t of places (batch, height, width, 2) and matrices (A | t), by one product."""
    own, rows, columns, _ = off.shape
    count = matrix.shape[0] if own == 1 else own
    flat = off.reshape(own, rows * columns, 2).expand(count, -1, 2)
    matrix = matrix.expand(count, -1, -1)
    by = torch.baddbmm(matrix[:, None, :, 2], flat, matrix[:, :, :2].transpose(1, 2))
    return by.reshape(count, *off.shape[1:])


def grid_sampled(
    images: torch.Tensor,
    field: torch.Tensor,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
) -> torch.Tensor:
    """Return the samples of `regkit.ops.interpolation.displaced`; not for "wrap".

    `grid_sample` has coordinates from −1 to 1. They are the outer edges of the first and the last
    pixel, or their centers where the border is "mirror".
    """
    _, height, width, _ = images.shape
    _, rows, columns, _ = field.shape
    centers = fill_mode == "mirror"
    x_step, y_step = (2.0 / max(side - centers, 1) for side in (width, height))
    places = torch.stack(
        torch.meshgrid(
            torch.arange(columns, device=field.device, dtype=field.dtype) * x_step,
            torch.arange(rows, device=field.device, dtype=field.dtype) * y_step,
            indexing="xy",
        ),
        -1,
    )
    # Repeated to the size of an image: PyTorch broadcasts slowly along a last axis of two.
    steps = torch.tensor([x_step, y_step], device=field.device, dtype=field.dtype)
    steps = steps.repeat(rows, columns, 1)
    places = places - 1.0 + (0.0 if centers else steps / 2)
    pixels = images.to(field.dtype).movedim(-1, 1)
    shift = fill_value if fill_mode == "constant" else 0.0  # grid_sample itself fills with zeros
    out = torch.nn.functional.grid_sample(
        pixels - shift if shift else pixels,
        torch.addcmul(places, field, steps),
        mode=interpolation,
        padding_mode=_PADDING[fill_mode],
        align_corners=centers,
    ).movedim(1, -1)
    return out + shift if shift else out


_PADDING = {
    "constant": "zeros", "nearest": "border", "mirror": "reflection", "reflect": "reflection",
}  # fmt: skip


def device_names() -> list[str]:
    """Return the names of the GPUs, or `["cpu"]`."""
    count = torch.cuda.device_count()
    return [torch.cuda.get_device_name(index) for index in range(count)] or ["cpu"]


def device_peak() -> Callable[[], int] | None:
    """Reset the GPU's peak of memory and return a function that gives the new one; None without."""
    if not torch.cuda.is_available():
        return None
    torch.cuda.reset_peak_memory_stats()
    return lambda: int(torch.cuda.max_memory_allocated())


def checked_one_hot(y: torch.Tensor, classes: int, dtype: str) -> torch.Tensor:
    """Return a one-hot along a last axis; PyTorch raises for numbers outside of the classes."""
    y, kind = y.to(torch.int64), getattr(torch, dtype)
    if not torch._C._functorch.is_functorch_wrapped_tensor(y):
        return torch.nn.functional.one_hot(y, classes).to(kind)
    # Under a map no values can be looked at: the loss is NaN there.
    hot = (y[..., None] == torch.arange(classes, device=y.device)).to(kind)
    known = ((y >= 0) & (y < classes))[..., None]
    return torch.where(known, hot, torch.full_like(hot, torch.nan))
