"""What a context asks of the step that it is a view of, or of what stands for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import keras

from regkit.core.stages import Batch
from regkit.types import Nest, Tensor

__all__ = ["Pairs", "Services"]

Pairs = list[tuple[keras.Variable, Tensor]]  # variables, each with a value for it


class Services(Protocol):
    """What a context asks of the step that it is a view of, or of what stands for one."""

    @property
    def model(self) -> keras.Model:
        """The user's model."""

    @property
    def step(self) -> Tensor | int:
        """The number of training steps before this one."""

    @property
    def batch(self) -> Batch:
        """The batch, as DATA left it."""

    def read(self, variables: Sequence[keras.Variable]) -> list[Tensor]:
        """Return the values of variables at this place of the step."""

    def scope(self, pairs: Pairs) -> AbstractContextManager[object]:
        """Return a scope in which variables have other values."""

    def shadowed(
        self, target: object, name: str, change: Callable[[Any], object]
    ) -> AbstractContextManager[object]:
        """Return a scope in which an attribute is `change(attribute)`."""

    def loss(self, label: str, batch: Batch, pairs: Pairs, output: str | None) -> Tensor:
        """Return the loss at other values, for the technique of a label."""

    def outputs(self, label: str, x: Nest, pairs: Pairs) -> Any:
        """Return the model's outputs at other values."""

    def task_losses(self, label: str, pairs: Pairs) -> dict[str, Tensor]:
        """Return the weighted loss of each output."""

    def value_and_grad(self, function: Callable[[Any], Tensor], at: Nest) -> tuple[Tensor, Any]:
        """Return a function's value and gradient."""
