"""The seam's adapter for a step that is a pure function of its state, on every backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import keras
from keras import ops

from regkit.core.seam.patch import Change
from regkit.core.seam.pure_optimizer import pure_changes
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.scope import Scope, in_scope
from regkit.core.seam.stateless import stateless_apply, stateless_call
from regkit.core.seam.step_adapter import StepAdapter, StepView, Values
from regkit.ops.stacking import Gradient
from regkit.types import Tensor

__all__ = ["PureAdapter"]


class PureAdapter(StepAdapter):
    """What the seam's frame asks of a backend, where the step is a pure function.

    Args:
        runtime: The plan on the model.
        gradient: The backend's derivative.
    """

    def __init__(self, runtime: Runtime, gradient: Gradient) -> None:
        super().__init__(runtime)
        self._gradient = gradient

    def optimizer_changes(self, step: StepView) -> list[Change]:
        """Return the methods to shadow: `optimizer.stateless_apply`, and the forward pass."""
        return [
            *pure_changes(self.model.optimizer),
            Change(self.model, "stateless_call", partial(stateless_call, step)),
            Change(self.model.optimizer, "stateless_apply", partial(stateless_apply, step)),
        ]

    def reading_in_loss(self, step: Values) -> AbstractContextManager[object]:
        """Give the loss the values of the forward pass."""
        return nullcontext() if in_scope() else Scope([*step.values, *step.inner])

    def read(self, variables: Sequence[keras.Variable]) -> list[Tensor]:
        """Return the values in the scope."""
        return [ops.convert_to_tensor(variable.value) for variable in variables]

    def value_and_grad(
        self, function: Callable[[list[Tensor]], Tensor], at: list[Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        """Differentiate as the step itself is."""
        value, _, slopes = self._gradient(lambda values: (function(values), ()), at)
        return value, list(slopes)

    def dense(self, gradient: Tensor) -> Tensor:
        """Turn the gradient of an embedding, which is sparse on TensorFlow, into a tensor."""
        return ops.convert_to_tensor(gradient, sparse=False)
