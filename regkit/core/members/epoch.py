"""An epoch of members as a function of their stacked states, for the backend to compile.

What is inside is the seam's frame around Keras' step, as in a fit, under the backend's map; then
the values of the metrics, and the validation.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from regkit.core.members.stack_optimizer import StackOptimizer
from regkit.core.members.stacked_data import batches, gathered, in_order
from regkit.core.seam.frame import Frame
from regkit.core.seam.pure_adapter import PureAdapter
from regkit.core.seam.pure_step import State, differentiated, pairs, results, tested, trained
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.scope import Scope
from regkit.ops.stacking import Stacking
from regkit.types import Nest, Tensor

__all__ = ["Epoch"]


class Epoch:
    """What runs, compiled, for all members of a group at once.

    Args:
        model: Stands for the members' models.
        runtime: Stands for the members' techniques.
        stacking: The backend's map.
        validation_batch: The number of examples of the validation in a batch.

    Attributes:
        adapter: What a frame asks of the backend.
        optimizer: One for all members; None where each is updated within the map.
    """

    def __init__(
        self,
        model: keras.Model,
        runtime: Runtime,
        stacking: Stacking,
        validation_batch: int,
    ) -> None:
        self.model, self.runtime, self._map = model, runtime, stacking
        self.adapter = PureAdapter(runtime, stacking.gradient)
        self.optimizer: StackOptimizer | None = None
        self._validation_batch = validation_batch
        self._fresh_metrics = [ops.convert_to_numpy(v.value) for v in model.metrics_variables]

    def run(
        self,
        state: State,
        rows: dict[str, Tensor],
        data: dict[str, Nest],
        own: dict[str, Nest],
        validation: dict[str, Nest],
        own_validation: dict[str, Nest],
    ) -> tuple[State, dict[str, Tensor]]:
        """Return the states after an epoch, and the logs, by name a value for each member.

        Args:
            state: The members' states, stacked.
            rows: The examples of each batch: "whole" (steps, members, batch), "rest" (members, n).
            data: x, y and weights that all members share, by name.
            own: The same that each has for itself, (members, examples, …).
            validation: x, y and weights of the validation that all members share, by name.
            own_validation: The same that each has for itself.
        """
        count = state["trainable"][0].shape[0]
        state = {**state, "metrics": self._fresh(count)}
        if self.runtime.penalties:
            sums = ops.zeros_like(state["carried"]["sums"])
            state = {**state, "carried": {**state["carried"], "sums": sums}}

        def one(held: State, row: Tensor, own: dict[str, Nest]) -> Any:
            return self._step(held, in_order(gathered({**data, **own}, row)))

        mapped = self._map.each(one)

        def step(held: State, row: Tensor) -> State:
            return self._updated(mapped(held, row, own))

        if "whole" in rows:
            state = self._map.over_steps(step, state, rows["whole"])
        if "rest" in rows:
            state = step(state, rows["rest"])
        logs = self._map.each(self._logs)(state["metrics"], state["carried"]["sums"])
        if validation or own_validation:
            values, changed = self._validated(state, validation, own_validation, count)
            state = {**state, "non_trainable": changed}
            logs = {**logs, **{f"val_{name}": value for name, value in values.items()}}
        return state, logs

    def _step(self, state: State, batch: Nest) -> State:
        """Return a member's state after a step; with gradients, where all share an optimizer."""
        values = pairs(self.model, state)
        frame = Frame(self.runtime, self.adapter, state["carried"], values)
        with frame.around():
            data = frame.data(batch)
            if self.optimizer is None:
                after = trained(self.model, self._map.gradient, state, data, frame)
            else:
                gradients, after = differentiated(
                    self.model, self._map.gradient, state, data, frame
                )
                with Scope(values):
                    after["gradients"] = frame.before_update(
                        gradients, self.model.trainable_variables
                    )
        return {**after, "carried": frame.carry()}

    def _updated(self, state: State) -> State:
        """Return the state with the optimizer's update, where all members share it."""
        if self.optimizer is None:
            return state
        trainable, own = self.optimizer.apply(state.pop("gradients"))
        return {**state, "trainable": trainable, "optimizer": own}

    def _logs(self, metrics: list[Tensor], sums: Tensor) -> dict[str, Tensor]:
        logs = results(self.model, metrics)
        names = self.runtime.penalties and ["data_loss", *self.runtime.penalties]
        return logs | {name: sums[1 + k] / sums[0] for k, name in enumerate(names)}

    def _validated(
        self, state: State, shared: dict[str, Nest], own: dict[str, Nest], count: int
    ) -> tuple[dict[str, Tensor], list[Tensor]]:
        """Return the values of the metrics by name, and the variables that evaluation changes."""
        trainable = state["trainable"]
        held = {"non_trainable": state["non_trainable"], "metrics": self._fresh(count)}
        whole, rest = batches(shared["y"], self._validation_batch)

        def after(held: State, row: Tensor) -> State:
            parts = gathered(shared, row)

            def one(weights: State, changed: State, own: dict[str, Nest]) -> State:
                batch = in_order({**parts, **gathered(own, row)})
                return tested(self.model, {**changed, "trainable": weights}, batch)

            return self._map.each(one)(trainable, held, own)

        if whole is not None:
            held = self._map.over_steps(after, held, ops.convert_to_tensor(whole))
        if rest is not None:
            held = after(held, ops.convert_to_tensor(rest))
        logs = self._map.each(lambda own: results(self.model, own))(held["metrics"])
        return logs, held["non_trainable"]

    def _fresh(self, count: int) -> list[Tensor]:
        return [
            ops.broadcast_to(ops.convert_to_tensor(value), (count, *value.shape))
            for value in self._fresh_metrics
        ]
