"""Members on JAX: `vmap` over a step, `scan` over steps, one program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras

from regkit.types import Nest, Tensor

__all__ = [
    "adam_step",
    "compiled",
    "each",
    "free_bytes",
    "gpus",
    "gradient",
    "over_steps",
    "runs_eagerly",
]

runs_eagerly = False


def gradient(
    function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: list[Tensor]
) -> tuple[Tensor, Any, list[Tensor]]:
    """Return the value, the further results and the gradients of a function."""
    (value, others), slopes = jax.value_and_grad(function, has_aux=True)(at)
    return value, others, slopes


def gpus() -> int:
    """Return the number of GPUs that this process sees."""
    return len([device for device in jax.local_devices() if device.platform == "gpu"])


def free_bytes() -> int | None:
    """Return the memory that is free on the device; None if it has none or is silent."""
    told = jax.devices()[0].memory_stats()  # None on processors
    return told["bytes_limit"] - told["bytes_in_use"] if told and "bytes_limit" in told else None


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of members' arguments, each with a leading axis of members."""
    return jax.vmap(function)


def over_steps(step: Callable[[Nest, Nest], Nest], state: Nest, rows: Tensor) -> Nest:
    """Return the state after a step for each row."""
    return jax.lax.scan(lambda held, row: (step(held, row), None), state, rows)[0]


def adam_step(optimizer: keras.optimizers.Adam) -> None:
    """Return None: Keras' own is compiled with the rest of a step."""


def compiled(function: Callable[..., Any], consumes: bool = True) -> Callable[..., Any]:
    """Return a compiled function; one that consumes its first argument uses that memory again."""
    return jax.jit(function, donate_argnums=0 if consumes else ())
