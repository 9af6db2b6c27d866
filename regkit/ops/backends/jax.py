"""JAX: rows read without bounds checks, values computed once, and the peak of GPU memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import jax

from regkit.types import Tensor

__all__ = ["computed_once", "device_peak", "rows_at"]

_Values = TypeVar("_Values")


def rows_at(rows: Tensor, index: Tensor) -> Tensor:
    """Return `rows[index]` for indices known to be in bounds; `take` would check each."""
    array: jax.Array = rows
    return array.at[index].get(mode="promise_in_bounds")


def computed_once(values: _Values) -> _Values:
    """Return the nest of arrays as it is; XLA stores it and does not compute it again at each use.

    Fused into a loop over channels, pixels and weights would be computed for each channel.
    """
    return jax.lax.optimization_barrier(values)


def device_peak() -> Callable[[], int] | None:
    """Return a function that gives the peak of GPU memory since the process began; None without.

    JAX cannot reset the peak: whatever is measured later shows at least an earlier, higher one.
    """
    device = jax.devices()[0]
    return None if device.platform == "cpu" else lambda: device.memory_stats()["peak_bytes_in_use"]
