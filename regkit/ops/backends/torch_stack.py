"""Members on PyTorch: `torch.func.vmap` over a step, a Python loop over steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import torch

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

runs_eagerly = True


def gradient(
    function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: list[Tensor]
) -> tuple[Tensor, Any, list[Tensor]]:
    """Return the value, the further results and the gradients of a function."""
    slopes, (value, others) = torch.func.grad_and_value(function, has_aux=True)(at)
    return value, others, slopes


def gpus() -> int:
    """Return the number of GPUs that this process sees."""
    return int(torch.cuda.device_count())


def free_bytes() -> int | None:
    """Return the memory that is free on the device; None if it has none or is silent."""
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else None


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of members' arguments, each with a leading axis of members.

    Keras' layers without a seed draw from PyTorch's own generator, for each member apart.
    """
    return torch.func.vmap(function, randomness="different")


def over_steps(step: Callable[[Nest, Nest], Nest], state: Nest, rows: torch.Tensor) -> Nest:
    """Return the state after a step for each row."""
    for row in rows:
        state = step(state, row)
    return state


def compiled(function: Callable[..., Any], consumes: bool = True) -> Callable[..., Any]:
    """Return the function without the graph of gradients outside of it."""
    return torch.no_grad()(function)


def adam_step(optimizer: keras.optimizers.Adam) -> Callable[..., None]:
    """Return a step of Adam that stands for Keras' own: the same operations, without new memory.

    Of large stacks Keras' step takes more than half of the time of training: for every operation it
    asks for memory as large as all weights.
    """
    kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def step(
        grads: list[torch.Tensor], variables: list[keras.Variable], learning_rate: Any
    ) -> None:
        dtype = variables[0].value.dtype
        count = keras.ops.cast(optimizer.iterations + 1, dtype)
        beta_1, beta_2 = (keras.ops.cast(b, dtype) for b in (optimizer.beta_1, optimizer.beta_2))
        alpha = keras.ops.cast(learning_rate, dtype) * (1 - beta_2**count) ** 0.5
        alpha = alpha / (1 - beta_1**count)
        for variable, g in zip(variables, grads, strict=True):
            place = optimizer._get_variable_index(variable)
            m, v = (own[place].value for own in (optimizer._momentums, optimizer._velocities))
            if place not in kept:
                kept[place] = torch.empty_like(v), torch.empty_like(v)
            one, other = kept[place]
            m.mul_(optimizer.beta_1).add_(g, alpha=1 - optimizer.beta_1)
            v.mul_(optimizer.beta_2).add_(torch.mul(g, g, out=one), alpha=1 - optimizer.beta_2)
            torch.sqrt(v, out=one).add_(optimizer.epsilon)
            variable.value.add_(torch.mul(m, alpha, out=other).div_(one), alpha=-1)

    return step
