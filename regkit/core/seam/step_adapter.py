"""What a backend does in its own way within a step, and what most do alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Protocol, TypeAlias

import keras
from keras import ops

from regkit.core.seam.patch import Change
from regkit.core.seam.runtime import Runtime
from regkit.core.services import Pairs
from regkit.types import Tensor

__all__ = ["Carried", "StepAdapter", "StepView", "Values"]

# What goes from one step to the next: {"step", "seeds", "strengths", "sums", "state"}.
Carried: TypeAlias = dict[str, Any]


class Values(Protocol):
    """The values of variables within a step; on JAX they are not on the variables."""

    values: Pairs  # of every variable
    inner: Pairs  # of those that the forward pass got


class StepView(Values, Protocol):
    """What a backend sees of the step that is running."""

    model: keras.Model

    def before_update(self, gradients: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
        """Run GRADIENT on what goes to the optimizer."""

    def after_update(self) -> None:
        """Run UPDATE on what the optimizer has changed."""


class StepAdapter(ABC):
    """A backend's ways with gradients and values within a step.

    Args:
        runtime: The plan on the model.

    Attributes:
        replicas: How many copies of the model run the step at once, each in a thread.
    """

    replicas = 1

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.model = runtime.model

    @abstractmethod
    def read(self, variables: Sequence[keras.Variable]) -> list[Tensor]:
        """Return the values of variables at this place of the step, which stay as they are."""

    def optimizer_changes(self, step: StepView) -> list[Change]:
        """Return the methods to shadow for GRADIENT and UPDATE: the optimizer's `apply`."""
        optimizer = self.model.optimizer
        return [] if optimizer is None else [Change(optimizer, "apply", partial(_apply, step))]

    @abstractmethod
    def value_and_grad(
        self, function: Callable[[list[Tensor]], Tensor], at: list[Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        """Return a function's value and its gradients with respect to a list of tensors."""

    def reading_in_loss(self, step: Values) -> AbstractContextManager[object]:
        """Return a scope in which variables can be read while the loss is computed."""
        return nullcontext()

    def in_backward(self) -> bool:
        """Return whether gradients are being computed now, and layers run once more for them."""
        return False

    def length(self, x: Tensor) -> Tensor | int:
        """Return the number of examples in an input."""
        return ops.shape(x)[0]

    def own(self, value: Tensor) -> Tensor:
        """Return a value apart from the graph of gradients, as state."""
        return ops.stop_gradient(value)

    def replica(self) -> Tensor | int:
        """Return the place of this replica under a distribution strategy."""
        return 0

    def unscaled(self, loss: Tensor) -> Tensor:
        """Return a loss as it would be without a distribution strategy."""
        return loss

    def accumulated(self, sums: Tensor, size: Tensor | int, values: list[Tensor]) -> Tensor:
        """Return the epoch's sums with a batch of `size` added: its examples, and its values."""
        return sums + self.weighted(size, values, sums.dtype)

    def weighted(self, size: Tensor | int, values: list[Tensor], dtype: object) -> Tensor:
        """Return the row of a batch in the epoch's sums."""
        row = ops.cast(ops.stack([ops.ones_like(values[0]), *values]), dtype)
        return ops.stop_gradient(row * ops.cast(size, dtype))

    def dense(self, gradient: Tensor) -> Tensor:
        """Return a gradient as a tensor, where it may be a sparse one."""
        return gradient

    def scales_loss(self) -> bool:
        """Return whether the optimizer scales the loss, as in mixed_float16."""
        return isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer)


def _apply(
    step: StepView,
    original: Callable[..., Any],
    grads: Sequence[Tensor],
    trainable_variables: Sequence[keras.Variable] | None = None,
) -> Any:
    """Stand in for the optimizer's `apply`."""
    variables = trainable_variables or step.model.optimizer._trainable_variables
    result = original(step.before_update(grads, variables), variables)
    step.after_update()
    return result
