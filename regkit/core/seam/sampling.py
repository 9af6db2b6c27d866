"""Predictions under the techniques of FORWARD, outside of any fit: Monte Carlo prediction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
from keras import ops

from regkit.core.errors import AttachError
from regkit.core.method import Method
from regkit.core.plan import Plan, Turn
from regkit.core.seam.forward import called_method, layer_call
from regkit.core.seam.frame import Frame
from regkit.core.seam.patch import Change, Shadows
from regkit.core.seam.running_backend import make_adapter
from regkit.core.seam.runtime import Runtime
from regkit.core.services import Pairs
from regkit.core.stages import Stage
from regkit.types import Nest, Tensor

__all__ = ["Sampler"]


class Sampler:
    """A model predicting under techniques that perturb its layers.

    Args:
        model: A built model; it need not be compiled.
        techniques: Of these, the ones that act at FORWARD.
        seed: Where a technique has none of its own; None follows `keras.utils.set_random_seed`.
        per_layer: None for one draw in each call; a number to run each perturbed layer so many
            times and hand on the average.

    Raises:
        AttachError: where nothing perturbs a layer, or a technique needs what only a fit has.
    """

    def __init__(
        self,
        model: keras.Model,
        techniques: Iterable[Method],
        seed: int | None,
        per_layer: int | None = None,
    ) -> None:
        given = list(techniques)
        plan = Plan([t for t in given if Stage.FORWARD in t.stages()])
        _refuse(model, plan, given)
        self._runtime = Runtime(model, plan, Shadows())
        self._runtime.resolve()
        self._adapter = make_adapter(self._runtime)
        self._per_layer = per_layer
        self._carried = {
            "seeds": self._runtime.seeds(seed),
            "strengths": keras.tree.map_structure(ops.convert_to_tensor, self._runtime.strengths()),
            "sums": self._runtime.sums(),
            "state": {entry.label: {} for entry in self._runtime.entries},
        }
        self._predict = self._adapter.inference(self._run)

    def predict(self, x: Nest, sample: int, part: int) -> Any:
        """Return the outputs for a batch, the `part`-th of the inputs, in one sample."""
        try:
            with self._runtime.standing_in():
                return self._predict(x, sample, part)
        finally:
            self._runtime.shadows.sweep()

    def _frame(self, sample: Tensor | int, part: Tensor | int, values: Pairs) -> Frame:
        seeds = ops.convert_to_tensor(self._carried["seeds"])
        carried = {**self._carried, "step": sample, "seeds": seeds}
        return Frame(self._runtime, self._adapter, carried, values, part)

    def _run(self, x: Nest, sample: Tensor | int, batch: Tensor | int, values: Pairs) -> Any:
        """Return the outputs for a batch in one sample."""
        if self._per_layer is None:
            with self._frame(sample, batch, values).around_layers():
                return self._runtime.model(x, training=False)
        with self._runtime.shadows.patched(self._averages(batch, values)):
            return self._runtime.model(x, training=False)

    def _averages(self, batch: Tensor | int, values: Pairs) -> list[Change]:
        """Return the calls of layers to shadow by their averages."""
        changes = []
        for place, (layer, turns) in enumerate(self._runtime.layers.values()):
            part = batch * len(self._runtime.layers) + place  # layers draw apart
            call = functools.partial(self._averaged, layer, turns, part, values)
            changes.append(Change(layer, called_method(layer), call))
        return changes

    def _averaged(
        self,
        layer: keras.layers.Layer,
        turns: list[Turn],
        part: Tensor | int,
        values: Pairs,
        original: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Stand in for the `call` of a layer: the average of its samples."""

        def sampled(sample: Tensor | int) -> Any:
            step = self._frame(sample, part, values)
            return layer_call(step, layer, turns, original, *args, **kwargs)

        def add(sample: Tensor, total: Nest) -> Any:
            return keras.tree.map_structure(ops.add, total, sampled(sample))

        total = ops.fori_loop(1, self._per_layer, add, sampled(0))
        return keras.tree.map_structure(lambda y: y / self._per_layer, total)


def _refuse(model: keras.Model, plan: Plan, given: Sequence[Method]) -> None:
    if not model.built:
        raise AttachError(f"{model.name!r} is not built; call it on a batch, or fit it, first")
    if not plan.entries:
        raise AttachError(
            f"none of {given!r} perturbs layers, so every sample would be the plain prediction; "
            "name a technique that acts at FORWARD, such as DropConnect or Dropout, above rate 0"
        )
    for entry in plan.entries:
        if type(entry.technique).initial_state is not Method.initial_state:
            raise AttachError(f"{entry.technique!r} carries state, which only a fit has")
