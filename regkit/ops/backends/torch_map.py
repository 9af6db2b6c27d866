"""PyTorch: a map that computes its function again for the gradient instead of keeping values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from keras import tree

from regkit.types import Nest, Tensor

__all__ = ["map_recomputed"]


class _Saved(Protocol):
    """What PyTorch hands from the forward to the backward pass."""

    flat: Callable[..., list[torch.Tensor]]
    count: int
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[torch.Tensor, ...]

    def save_for_backward(self, *tensors: torch.Tensor) -> None: ...


@torch.compiler.disable  # type: ignore[untyped-decorator]  # it would unroll the loop
def map_recomputed(function: Callable[..., Nest], xs: Nest, constants: Sequence[Tensor]) -> Nest:
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
    """One node of the graph for all examples; results are written into tensors made beforehand."""

    @staticmethod
    def forward(
        ctx: _Saved, flat: Callable[..., list[torch.Tensor]], count: int, *tensors: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        ctx.flat, ctx.count = flat, count
        ctx.save_for_backward(*tensors)
        xs, constants = tensors[:count], tensors[count:]
        outputs: list[torch.Tensor] = []
        for k in range(xs[0].shape[0]):
            for place, output in enumerate(flat(*(x[k] for x in xs), *constants)):
                if k == 0:
                    outputs.append(output.new_empty((xs[0].shape[0], *output.shape)))
                outputs[place][k] = output
        return tuple(outputs)

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: _Saved, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        needed = ctx.needs_input_grad[2:]
        tensors = ctx.saved_tensors
        places = [place for place, need in enumerate(needed) if need]
        totals = {place: torch.zeros_like(tensors[place]) for place in places}
        for k in range(tensors[0].shape[0]):
            leaves = [
                (tensor[k] if place < ctx.count else tensor).detach().requires_grad_(needed[place])
                for place, tensor in enumerate(tensors)
            ]
            with torch.enable_grad():
                outputs = ctx.flat(*leaves)
            parts = torch.autograd.grad(
                outputs, [leaves[p] for p in places], [g[k] for g in gradients], allow_unused=True
            )
            for place, part in zip(places, parts, strict=True):
                if part is not None:
                    (totals[place][k] if place < ctx.count else totals[place]).add_(part)
        return (None, None, *(totals.get(place) for place in range(len(tensors))))
