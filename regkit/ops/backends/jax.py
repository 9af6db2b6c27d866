"""JAX: reading rows without checks, and values that are computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

__all__ = ["device_peak", "rows_at", "settled"]


def rows_at(rows: Any, index: Any) -> Any:
    """Return `rows[index]` for indices that are known to be within; `take` would check each."""
    return rows.at[index].get(mode="promise_in_bounds")


def settled(values: Any) -> Any:
    """Return the nest of arrays as it is, kept by XLA rather than computed again where it is used.

    Fused into a loop over channels, a place and its weights would be computed for each channel.
    """
    return jax.lax.optimization_barrier(values)


def device_peak() -> Callable[[], int] | None:
    """Return a function that gives the peak of GPU memory since the process began; None without.

    JAX cannot forget a peak: after a hungry arm the others show at least its own.
    """
    device = jax.devices()[0]
    return None if device.platform == "cpu" else lambda: device.memory_stats()["peak_bytes_in_use"]
