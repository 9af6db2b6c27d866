"""One optimizer over the members' stacked weights, where it treats each number by itself.

What runs operation by operation, as PyTorch does, spends most of a step in the optimizer when that
is mapped. An optimizer that treats each number of a weight by itself does the same to a stack.
"""

from __future__ import annotations

from typing import Any

import keras

from regkit.core.seam.pure_optimizer import general_classes
from regkit.ops.stacking import Stacking
from regkit.types import Tensor

__all__ = ["StackOptimizer", "is_elementwise"]

_ADAM = (keras.optimizers.Adam, keras.optimizers.AdamW)
_ELEMENTWISE = (
    *_ADAM,
    keras.optimizers.SGD,
    keras.optimizers.Adamax,
    keras.optimizers.RMSprop,
    keras.optimizers.Adagrad,
    keras.optimizers.Adadelta,
    keras.optimizers.Lion,
)


def is_elementwise(model: keras.Model) -> bool:
    """Return whether a model's optimizer treats each number of the weights by itself.

    Norms over a weight (`clipnorm`, constraints) and what is done to some weights by their names do
    not.
    """
    optimizer = model.optimizer
    return bool(
        general_classes(optimizer)[0] in _ELEMENTWISE
        and optimizer.clipnorm is None
        and optimizer.global_clipnorm is None
        and not optimizer.use_ema
        and optimizer.gradient_accumulation_steps is None
        and optimizer.loss_scale_factor is None
        and not getattr(optimizer, "_exclude_from_weight_decay", None)
        and getattr(optimizer, "_exclude_from_weight_decay_pattern", None) is None
        and all(variable.constraint is None for variable in model.trainable_variables)
    )


class StackOptimizer:
    """A copy of an optimizer that works on the stacked weights of all members.

    Args:
        stacking: The backend's map.
        optimizer: A member's.
        trainable: The stacked values of the weights.
        own: The stacked values of the optimizer's variables.
    """

    def __init__(
        self,
        stacking: Stacking,
        optimizer: keras.optimizers.Optimizer,
        trainable: list[Tensor],
        own: list[Tensor],
    ) -> None:
        self._optimizer = type(optimizer).from_config(optimizer.get_config())
        self._weights = [
            keras.Variable(value, name=f"stack_{k}") for k, value in enumerate(trainable)
        ]
        self._optimizer.build(self._weights)
        self._count = trainable[0].shape[0]
        for variable, value in zip(self._optimizer.variables, own, strict=True):
            shared = len(variable.shape) < len(value.shape)  # the count of updates, the rate
            variable.assign(value[0] if shared else value)
        is_adam = general_classes(optimizer)[0] in _ADAM and not optimizer.amsgrad
        if is_adam and (step := stacking.adam_step(self._optimizer)) is not None:
            self._optimizer._parallel_update_step = step

    def apply(self, gradients: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Change the weights, and return them and the optimizer's variables, stacked."""
        self._optimizer.apply(gradients, self._weights)
        return [weight.value for weight in self._weights], self._own()

    def _own(self) -> list[Any]:
        count = self._count
        return [
            keras.ops.broadcast_to(variable.value, (count,))
            if not variable.shape
            else variable.value
            for variable in self._optimizer.variables
        ]
