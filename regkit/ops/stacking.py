"""How the running backend maps a function over stacked arguments; it alone is imported."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import keras

from regkit.types import Tensor

__all__ = ["Gradient", "Stacking", "running_stack"]

# Returns value, further results and gradients of a function that returns value and further results.
Gradient: TypeAlias = Callable[
    [Callable[[list[Tensor]], tuple[Tensor, Any]], list[Tensor]],
    tuple[Tensor, Any, list[Tensor]],
]


class Stacking(Protocol):
    """What `jax_stack`, `tensorflow_stack` and `torch_stack` have."""

    @property
    def gradient(self) -> Gradient:
        """The derivative of a function."""

    @property
    def runs_eagerly(self) -> bool:
        """Whether operations run one by one, each of which takes its time."""

    def gpus(self) -> int:
        """Return the number of GPUs that this process sees."""

    def free_bytes(self) -> int | None:
        """Return the memory that is free on the device; None if it has none or is silent."""

    def each(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of stacked arguments, mapped over their leading axis."""

    def over_steps(self, step: Callable[[Any, Any], Any], state: Any, rows: Tensor) -> Any:
        """Return the state after a step for each row."""

    def adam_step(self, optimizer: keras.optimizers.Adam) -> Callable[..., None] | None:
        """Return a faster step of Adam over a list of weights; None where Keras' own is as fast."""

    def compiled(self, function: Callable[..., Any], consumes: bool = True) -> Callable[..., Any]:
        """Return a function as the backend compiles it.

        Args:
            function: The function.
            consumes: Whether nobody needs its first argument any more when it is called.
        """


def running_stack() -> Stacking:
    """Return the module of the running backend."""
    module: Any = importlib.import_module(f"regkit.ops.backends.{keras.backend.backend()}_stack")
    stacking: Stacking = module
    return stacking
