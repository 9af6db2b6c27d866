"""Members on PyTorch: `torch.func.vmap` over a step, a Python loop over steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from regkit.types import Nest, Tensor

__all__ = ["compiled", "each", "gradient", "over_steps", "runs_eagerly"]

runs_eagerly = True


def gradient(
    function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: list[Tensor]
) -> tuple[Tensor, Any, list[Tensor]]:
    """Return the value, the further results and the gradients of a function."""
    slopes, (value, others) = torch.func.grad_and_value(function, has_aux=True)(at)
    return value, others, slopes


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
