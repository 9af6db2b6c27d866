"""PyTorch: a map whose gradient computes again what the function needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from keras import tree

__all__ = ["map_recomputed"]

Nest = Any


@torch.compiler.disable  # type: ignore[untyped-decorator]  # it would unroll the loop
def map_recomputed(function: Callable[..., Nest], xs: Nest, constants: Sequence[Any]) -> Nest:
    """Return what `regkit.ops.mapping.map_recomputed` does."""
    structure: list[Nest] = []

    def flat(*tensors: torch.Tensor) -> list[torch.Tensor]:
        count = len(tensors) - len(constants)
        result = function(tree.pack_sequence_as(xs, tensors[:count]), *tensors[count:])
        structure[:] = [result]
        return list(tree.flatten(result))

    leaves = tree.flatten(xs)
    outputs = _Map.apply(flat, len(leaves), *leaves, *constants)
    return tree.pack_sequence_as(structure[0], list(outputs))


class _Map(torch.autograd.Function):  # type: ignore[misc]  # untyped
    """One node of the graph for all examples; results go into tensors made beforehand."""

    @staticmethod
    def forward(
        ctx: Any, flat: Callable[..., list[torch.Tensor]], count: int, *tensors: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        ctx.flat, ctx.count = flat, count
        ctx.save_for_backward(*tensors)
        xs, constants = tensors[:count], tensors[count:]
        outputs: list[torch.Tensor] = []
        for k in range(xs[0].shape[0]):
            for place, one in enumerate(flat(*(x[k] for x in xs), *constants)):
                if k == 0:
                    outputs.append(one.new_empty((xs[0].shape[0], *one.shape)))
                outputs[place][k] = one
        return tuple(outputs)

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[Any, ...]:
        wanted = ctx.needs_input_grad[2:]
        tensors = ctx.saved_tensors
        asked = [place for place, want in enumerate(wanted) if want]
        totals = {place: torch.zeros_like(tensors[place]) for place in asked}
        for k in range(tensors[0].shape[0]):
            leaves = [
                (tensor[k] if place < ctx.count else tensor).detach().requires_grad_(wanted[place])
                for place, tensor in enumerate(tensors)
            ]
            with torch.enable_grad():
                outputs = ctx.flat(*leaves)
            found = torch.autograd.grad(
                outputs, [leaves[p] for p in asked], [s[k] for s in slopes], allow_unused=True
            )
            for place, slope in zip(asked, found, strict=True):
                if slope is not None:
                    (totals[place][k] if place < ctx.count else totals[place]).add_(slope)
        return (None, None, *(totals.get(place) for place in range(len(tensors))))
