"""The loss of a step at other values, as often as a technique asks, without side effects.

SAM asks at the GRADIENT stage for the loss at other weights, adversarial training at DATA for the
slope of the inputs, GradNorm for the loss of each task. Such a pass is the step's own, with its
draws; metrics, moving statistics, activity losses and techniques' state stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from regkit.core.errors import AttachError
from regkit.core.seam.scope import Scope
from regkit.core.stages import Batch

if TYPE_CHECKING:
    from regkit.core.seam.frame import Frame

__all__ = ["SecondPass"]

Tensor = Any
Mapping = list[tuple[keras.Variable, Tensor]]


class SecondPass:
    """What a technique asks of a frame by its context."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._model = frame.model

    def loss(self, label: str, batch: Batch, mapping: Mapping, output: str | None) -> Tensor:
        """Return the loss at other values; see `Context.loss_fn`."""
        if output is None:
            return self._loss_at(label, batch, mapping)
        tasks = self.task_losses(label, batch, mapping)
        if output not in tasks:
            raise AttachError(f"no output is called {output!r}; there are {', '.join(tasks)}")
        return tasks[output]

    def outputs(self, label: str, x: Any, mapping: Mapping) -> Any:
        """Return the model's outputs at other values; see `Context.outputs`."""
        self._frame.runtime.require_keras(variable for variable, _ in mapping)
        with self._quiet(label), self._frame.reading(), Scope(mapping):
            return self._model(self._frame.batch.x if x is None else x, **self._training())

    def task_losses(self, label: str, batch: Batch, mapping: Mapping) -> dict[str, Tensor]:
        """Return the weighted loss of each output; see `Context.task_losses`."""
        found: dict[str, Tensor] = {}
        self._frame.tasks = found
        try:
            self._loss_at(label, batch, mapping)
            return found
        finally:
            self._frame.tasks = None

    def value_and_grad(self, function: Callable[[Any], Tensor], at: Any) -> tuple[Tensor, Any]:
        """Return a function's value and gradient; see `Context.value_and_grad`."""
        frame, adapter = self._frame, self._frame.adapter
        with Scope(frame.values):  # a scope of Keras' own, while it differentiates, has no scale
            scale = frame.loss_scale()
        with frame.reading():
            flat = [ops.convert_to_tensor(one) for one in keras.tree.flatten(at)]

            def scaled(values: list[Tensor]) -> Tensor:
                return function(keras.tree.pack_sequence_as(at, values)) * scale

            value, slopes = adapter.value_and_grad(scaled, flat)
            slopes = [
                ops.zeros_like(one) if slope is None else adapter.dense(slope) / scale
                for slope, one in zip(slopes, flat, strict=True)
            ]
        return value / scale, keras.tree.pack_sequence_as(at, slopes)

    def _loss_at(self, label: str, batch: Batch, mapping: Mapping) -> Tensor:
        own = self._frame.batch
        x = own.x if batch.x is None else batch.x
        y = own.y if batch.y is None else batch.y
        weight = own.sample_weight if batch.sample_weight is None else batch.sample_weight
        self._frame.runtime.require_keras(variable for variable, _ in mapping)
        with self._quiet(label), self._frame.reading(), Scope(mapping):
            y_pred = self._model(x, **self._training())
            return self._frame.loss_method()(x, y, y_pred, weight)

    def _training(self) -> dict[str, bool]:
        return {"training": True} if self._model._call_has_training_arg else {}

    @contextmanager
    def _quiet(self, label: str) -> Iterator[None]:
        """Leave no trace: draw what the first pass draws, record nothing, put losses back."""
        outer = self._frame.asking
        self._frame.asking = frozenset({label}) | (outer or frozenset())
        put_back = self._frame.rewind(but=label)
        layers = self._model._flatten_layers()
        kept = [(list(layer._losses), set(layer._loss_ids)) for layer in layers]
        override, self._model._losses_override = self._model._losses_override, []
        try:
            with _global_generator_kept():
                yield
        finally:
            self._frame.asking = outer
            put_back()
            for layer, (own, ids) in zip(layers, kept, strict=True):
                layer._losses[:] = own
                layer._loss_ids.clear()
                layer._loss_ids.update(ids)
            self._model._losses_override = override


@contextmanager
def _global_generator_kept() -> Iterator[None]:
    """Put back PyTorch's own generator, from which Keras' Dropout without a seed draws there.

    So all passes of a step but the first see the same noise, and the next step sees what it would.
    """
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    if torch.compiler.is_compiling():
        yield
        return
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        yield
