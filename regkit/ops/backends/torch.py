"""PyTorch: random numbers made in place, and what Keras does not say of devices."""

from __future__ import annotations

import math
from typing import Any

import torch
from keras import ops

from regkit.ops.hashing import TRIPLE32

__all__ = ["device_names", "flat_normal", "flat_uniform"]


def _shift(x: torch.Tensor, places: int) -> torch.Tensor:
    return x.bitwise_right_shift(places).bitwise_and_((1 << (32 - places)) - 1)


def _bits(first: Any, second: Any, size: Any) -> torch.Tensor:
    """Return `regkit.ops.hashing.bits`; the keys enter out of place, for they may be batched."""
    x = ops.arange(size, dtype="int32") + first
    x.bitwise_xor_(_shift(x, 17)).mul_(TRIPLE32[0])
    x = x.bitwise_xor_(_shift(x, 11)) + second
    x.mul_(TRIPLE32[1])
    x.bitwise_xor_(_shift(x, 15)).mul_(TRIPLE32[2])
    return x.bitwise_xor_(_shift(x, 14))


def flat_uniform(first: Any, second: Any, size: Any) -> torch.Tensor:
    """Return `size` float32 numbers uniform on (0, 1), as `regkit.ops.random` defines them."""
    whole = _bits(first, second, size).bitwise_right_shift_(9).bitwise_and_(0x7FFFFF)
    return whole.to(torch.float32).add_(0.5).mul_(2.0**-23)


def flat_normal(first: Any, second: Any, size: Any) -> torch.Tensor:
    """Return `size` standard normal numbers, by the inverse of the distribution function."""
    uniform = flat_uniform(first, second, size)
    return uniform.mul_(2.0).sub_(1.0).erfinv_().mul_(math.sqrt(2.0))


def device_names() -> list[str]:
    """Return the names of the GPUs, or `["cpu"]`."""
    count = torch.cuda.device_count()
    return [torch.cuda.get_device_name(index) for index in range(count)] or ["cpu"]
