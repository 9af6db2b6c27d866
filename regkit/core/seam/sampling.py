"""Predictions under the techniques of FORWARD, outside of any fit: Monte Carlo prediction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import keras
from keras import ops

from regkit.core.draws import Draws
from regkit.core.errors import AttachError
from regkit.core.plan import Member, Plan
from regkit.core.seam.adapter import make_adapter
from regkit.core.seam.forward import called_method, wrapped_call
from regkit.core.seam.frame import Frame, Mapping
from regkit.core.seam.patch import Shadows
from regkit.core.seam.runtime import Runtime
from regkit.core.stages import Stage
from regkit.core.technique import Technique

__all__ = ["Sampler"]

Tensor = Any


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
        techniques: Iterable[Technique],
        seed: int | None,
        per_layer: int | None = None,
    ) -> None:
        given = list(techniques)
        plan = Plan([one for one in given if Stage.FORWARD in one.stages()])
        _refuse(model, plan, given)
        self._runtime = Runtime(model, plan, Shadows())
        self._runtime.resolve()
        self._adapter = make_adapter(self._runtime)
        self._per_layer = per_layer
        self._carried = {
            "seeds": self._runtime.seeds(seed),
            "sums": self._runtime.sums(),
            "state": {member.label: {} for member in self._runtime.members},
        }
        self._predict: Callable[[Any, Tensor, Tensor], Any] = self._adapter.inference(self._run)

    def predict(self, x: Any, sample: int, part: int) -> Any:
        """Return the outputs for a batch, the `part`-th of the inputs, in one sample."""
        try:
            return self._predict(x, sample, part)
        finally:
            self._runtime.shadows.sweep()

    def _frame(self, sample: Tensor, part: Tensor, values: Mapping) -> Frame:
        seeds = ops.convert_to_tensor(self._carried["seeds"])
        carried = {**self._carried, "step": sample, "seeds": seeds}
        return _Sample(self._runtime, self._adapter, carried, values, part)

    def _run(self, x: Any, sample: Tensor, batch: Tensor, values: Mapping) -> Any:
        """Return the outputs for a batch in one sample."""
        with ExitStack() as stack:
            if self._per_layer is None:
                stack.enter_context(self._frame(sample, batch, values).around_layers())
            else:
                self._average_layers(stack, batch, values)
            return self._runtime.model(x, training=False)

    def _average_layers(self, stack: ExitStack, batch: Tensor, values: Mapping) -> None:
        layers = self._runtime.layers.values()
        for place, (layer, members) in enumerate(layers):
            part = batch * len(layers) + place  # layers draw apart
            wrap = functools.partial(self._averaged, layer, members, part, values)
            stack.enter_context(self._adapter.patched(layer, called_method(layer), wrap))

    def _averaged(
        self,
        layer: keras.layers.Layer,
        members: list[Member],
        part: Tensor,
        values: Mapping,
        original: Callable[..., Any],
    ) -> Callable[..., Any]:
        """Return the `call` of a layer as the average of its samples."""

        def call(*args: Any, **kwargs: Any) -> Any:
            def one(sample: Tensor) -> Any:
                frame = self._frame(sample, part, values)
                return wrapped_call(frame, layer, members, original)(*args, **kwargs)

            def add(sample: Tensor, total: Any) -> Any:
                return keras.tree.map_structure(ops.add, total, one(sample))

            total = ops.fori_loop(1, self._per_layer, add, one(0))
            return keras.tree.map_structure(lambda y: y / self._per_layer, total)

        return call


class _Sample(Frame):
    """No step of training: FORWARD acts although Keras calls the layers for inference."""

    def __init__(
        self,
        runtime: Runtime,
        adapter: Any,
        carried: dict[str, Any],
        values: Mapping,
        part: Tensor,
    ) -> None:
        self._part = part
        super().__init__(runtime, adapter, carried, values)

    def draws(self, base: Tensor, stage: Stage) -> Draws:
        """Return numbers that no step has, others for each part."""
        return Draws(base, self.step, len(Stage) + int(stage), self._part)

    def layer_is_perturbed(self) -> bool:
        """Return that it is."""
        return True


def _refuse(model: keras.Model, plan: Plan, given: Sequence[Technique]) -> None:
    if not model.built:
        raise AttachError(f"{model.name!r} is not built; call it on a batch, or fit it, first")
    if not plan.members:
        raise AttachError(
            f"none of {given!r} perturbs layers, so every sample would be the plain prediction; "
            "name a technique that acts at FORWARD, such as DropConnect or Dropout, above rate 0"
        )
    for member in plan.members:
        if type(member.technique).initial_state is not Technique.initial_state:
            raise AttachError(f"{member.technique!r} carries state, which only a fit has")
