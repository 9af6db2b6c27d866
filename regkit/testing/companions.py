"""One technique for each stage, to stand beside the one that is checked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from regkit.core import select
from regkit.core.context import Context
from regkit.core.stages import Batch, Phase, Stage, Target
from regkit.core.technique import Technique
from regkit.types import Nest, Tensor

__all__ = ["companions"]


class _Companion(Technique):
    """A technique that notes where it was called.

    Attributes:
        waiting: Where it was not called yet: at FORWARD the names of layers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waiting = {"the step"}


class _AtData(_Companion):
    def data(self, batch: Batch, context: Context) -> Batch:
        self.waiting.clear()
        return batch.replace(x=keras.tree.map_structure(_shrunk, batch.x))


class _AtForward(_Companion):
    def select_layers(self, model: keras.Model) -> list[keras.layers.Layer]:
        chosen = [layer for layer in select.leaves(model) if hasattr(layer, "kernel")]
        self.waiting = {layer.name for layer in chosen}
        return chosen

    def forward(self, call: Callable[[Nest], Nest], inputs: Nest, context: Context) -> Nest:
        if context.layer is not None:
            self.waiting.discard(context.layer.name)
        outputs: Nest = keras.tree.map_structure(_shrunk, call(inputs))
        return outputs


class _AtTarget(_Companion):
    def target(self, target: Target, context: Context) -> Target:
        self.waiting.clear()
        dense = target.dense()
        return dense.replace(0.9 * dense.y + 0.03)


class _AtPenalty(_Companion):
    def penalty(self, context: Context) -> Tensor:
        self.waiting.clear()
        squares: Tensor = sum(ops.sum(ops.square(value)) for value in context.values)
        penalty: Tensor = 0.01 * squares
        return penalty


class _AtGradient(_Companion):
    def gradient(self, gradients: list[Tensor], context: Context) -> list[Tensor]:
        self.waiting.clear()
        return [_shrunk(gradient) for gradient in gradients]


class _AtUpdate(_Companion):
    def update(self, weights: list[Tensor], context: Context) -> list[Tensor]:
        self.waiting.clear()
        return [_shrunk(weight) for weight in weights]


class _AtWatch(_Companion):
    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.waiting.clear()


_KINDS = {
    Stage.DATA: _AtData,
    Stage.FORWARD: _AtForward,
    Stage.TARGET: _AtTarget,
    Stage.PENALTY: _AtPenalty,
    Stage.GRADIENT: _AtGradient,
    Stage.UPDATE: _AtUpdate,
    Stage.WATCH: _AtWatch,
}


def companions(beside: Technique | None = None) -> dict[Stage, Technique]:
    """Return a new technique for each stage, in another phase than the one they stand beside.

    Each is in the first phase of its stage that the other leaves; PENALTY has one phase only.
    """
    taken = {act.phase for act in beside.acts()} if beside is not None else set()
    made = {}
    for stage, kind in _KINDS.items():
        phases = [phase for phase in Phase if phase.stage is stage]
        free = [phase for phase in phases if phase not in taken] or phases
        made[stage] = _in_phase(kind, free[0])() if free else kind()
    return made


@functools.cache
def _in_phase(kind: type[Technique], phase: Phase) -> type[Technique]:
    """Return the same technique in a phase, one class for each, so that compiled steps are kept."""
    return type(kind.__name__, (kind,), {"phases": (phase,), "__module__": kind.__module__})


def _shrunk(x: Tensor) -> Tensor:
    return x * ops.cast(0.95, x.dtype) if "float" in keras.backend.standardize_dtype(x.dtype) else x
