"""Keras' stateless methods with the stages in them, where a step is a pure function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from regkit.core.errors import AttachError
from regkit.core.seam.scope import Scope
from regkit.core.seam.step_adapter import StepView
from regkit.types import Tensor

__all__ = ["stateless_apply", "stateless_call"]


def stateless_call(
    step: StepView,
    original: Callable[..., Any],
    trainable: Sequence[Tensor],
    non_trainable: Sequence[Tensor],
    *args: object,
    **kwargs: object,
) -> Any:
    """Stand in for the model's forward pass, and note what it gets."""
    step.inner = [
        *zip(step.model.trainable_variables, trainable, strict=True),
        *zip(step.model.non_trainable_variables, non_trainable, strict=True),
    ]
    return original(trainable, non_trainable, *args, **kwargs)


def stateless_apply(
    step: StepView,
    original: Callable[..., Any],
    optimizer_variables: Sequence[Tensor],
    grads: Sequence[Tensor],
    trainable_variables: Sequence[Tensor],
) -> tuple[Any, Any]:
    """Stand in for the optimizer's `stateless_apply`."""
    optimizer = step.model.optimizer
    variables = optimizer._trainable_variables
    if len(variables) != len(trainable_variables):
        raise AttachError(
            f"the optimizer was built for {len(variables)} trainable variables, and "
            f"{step.model.name!r} has {len(trainable_variables)}. After a change of `trainable` "
            "call compile() again"
        )

    def scope(own: Sequence[Tensor], trained: Sequence[Tensor]) -> Scope:
        pairs = zip([*variables, *optimizer.variables], [*trained, *own], strict=True)
        return Scope([*step.values, *pairs])

    with scope(optimizer_variables, trainable_variables):
        grads = step.before_update(grads, variables)
    trained, own = original(optimizer_variables, grads, trainable_variables)
    with scope(own, trained) as after:
        step.after_update()
        trained = [after.get_current_value(variable) for variable in variables]
    return trained, own
