"""How the running backend maps a function over members; it alone is imported."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

import keras

from regkit.core.members.pure_step import Gradient
from regkit.types import Tensor

__all__ = ["Mapping", "running_map"]


class Mapping(Protocol):
    """What `jax_map`, `tensorflow_map` and `torch_map` have."""

    gradient: Gradient
    runs_eagerly: bool  # operation by operation, each of which takes its time

    def each(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of members' arguments, each with a leading axis of members."""

    def over_steps(self, step: Callable[[Any, Any], Any], state: Any, rows: Tensor) -> Any:
        """Return the state after a step for each row."""

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as the backend compiles it."""


def running_map() -> Mapping:
    """Return the module of the running backend."""
    module: Any = importlib.import_module(f"regkit.core.members.{keras.backend.backend()}_map")
    mapping: Mapping = module
    return mapping
