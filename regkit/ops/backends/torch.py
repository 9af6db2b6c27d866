"""PyTorch: what Keras does not say of it."""

from __future__ import annotations

import torch

__all__ = ["device_names"]


def device_names() -> list[str]:
    """Return the names of the GPUs, or `["cpu"]`."""
    count = torch.cuda.device_count()
    return [torch.cuda.get_device_name(index) for index in range(count)] or ["cpu"]
