"""A group of members: fits of one model and one recipe, as rows of one computation.

An epoch is one call of a compiled function (`epoch.py`); here is what the host does around it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from regkit.core import returned
from regkit.core.members.epoch import Epoch
from regkit.core.members.stack import member_of, stacked
from regkit.core.members.stack_optimizer import StackOptimizer, is_elementwise
from regkit.core.members.stacked_data import named, tensors
from regkit.core.members.stacked_outputs import StackedOutputs
from regkit.core.plan import Plan
from regkit.core.seam.frame import Frame
from regkit.core.seam.patch import Shadows
from regkit.core.seam.pure_step import (
    State,
    pairs,
)
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.scope import Scope
from regkit.core.stages import Stage
from regkit.ops.stacking import running_stack
from regkit.types import Array, Nest, Tensor

__all__ = ["Group", "runtime_of"]


def runtime_of(model: keras.Model, plan: Plan) -> Runtime:
    """Return a member's techniques, resolved on the model that stands for all members'."""
    runtime = Runtime(model, plan, Shadows())
    runtime.resolve()
    return runtime


class Group:
    """Members that share a compiled epoch.

    Args:
        model: Stands for the members' models; its own values are not used.
        runtimes: The techniques of each member, of equal fingerprints.
        ambient: For each member the seed of techniques that have none of their own.
        initial: The state of each member's variables at the start.
        data: x, y and perhaps weights of the examples that all members share; None for a part
            that each has for itself.
        own: The same parts where each member has its own, with a leading axis of members.
        validation: x, y and perhaps weights of the validation, likewise.
        own_validation: The same parts where each member has its own.
        validation_batch: The number of its examples in a batch.
    """

    def __init__(
        self,
        model: keras.Model,
        runtimes: list[Runtime],
        ambient: list[int],
        initial: list[State],
        data: tuple[Nest | Array | None, ...] = (),
        own: tuple[Nest | Array | None, ...] = (),
        validation: tuple[Nest | Array | None, ...] = (),
        own_validation: tuple[Nest | Array | None, ...] = (),
        validation_batch: int = 32,
    ) -> None:
        self.model, self.runtime = model, runtimes[0]
        self._map = running_stack()
        self._inside = Epoch(model, self.runtime, self._map, validation_batch)
        self._epoch = self._map.compiled(self._inside.run)
        self._outputs = StackedOutputs(model)
        self._select = self._map.compiled(_selected)
        self.begin(runtimes, ambient, initial, data, own, validation, own_validation)

    # -- on the host ---------------------------------------------------------------------------

    def begin(
        self,
        runtimes: list[Runtime],
        ambient: list[int],
        initial: list[State],
        data: tuple[Nest | Array | None, ...] = (),
        own: tuple[Nest | Array | None, ...] = (),
        validation: tuple[Nest | Array | None, ...] = (),
        own_validation: tuple[Nest | Array | None, ...] = (),
    ) -> None:
        """Take other members, of the same number and fingerprint: they find the epoch compiled.

        The arguments are those of the class.
        """
        states = [
            {**state, "carried": self._carried(runtime, seed, state)}
            for runtime, seed, state in zip(runtimes, ambient, initial, strict=True)
        ]
        self.state = tensors(stacked(states))
        self.kept: State | None = None
        self._inside.optimizer = self._shared_optimizer(initial)
        parts = (data, own, validation, own_validation)
        self._data = [tensors(named(part)) for part in parts]

    def epoch(self, orders: Array, batch_size: int) -> dict[str, Array]:
        """Train all members for an epoch, and return the logs: by name a value for each member.

        Args:
            orders: Which examples each member sees, in order: (members, examples).
            batch_size: The number of examples in a batch; the last batch has what is left.
        """
        steps, rest = divmod(orders.shape[1], batch_size)
        whole = orders[:, : steps * batch_size].reshape(len(orders), steps, batch_size)
        rows = {"whole": whole.swapaxes(0, 1)} if steps else {}
        rows |= {"rest": orders[:, -rest:]} if rest else {}
        with self.runtime.standing_in():
            self.state, logs = self._epoch(
                self.state,
                tensors({name: part.astype("int32") for name, part in rows.items()}),
                *self._data,
            )
        return {name: np.asarray(ops.convert_to_numpy(value)) for name, value in logs.items()}

    def clear(self) -> None:
        """Let go of the members and their data; `begin` takes others."""
        self.state, self.kept, self._inside.optimizer = {}, None, None
        self._data = []

    def state_of(self, row: int) -> State:
        """Return a member's state now, as NumPy arrays."""
        parts = ("trainable", "non_trainable", "optimizer", "metrics")
        return {part: member_of(self.state[part], row) for part in parts}

    def keep(self, rows: Array) -> None:
        """Keep the weights that some members have now, in place of those kept before.

        Args:
            rows: Whether to keep each member's, (members,).
        """
        now = self._weights(self.state)
        held = keras.tree.map_structure(ops.copy, now) if self.kept is None else self.kept
        self.kept = self._select(held, now, ops.convert_to_tensor(rows))

    def predict(
        self, x: Nest, batch_size: int, own: bool = False, held: State | None = None
    ) -> Any:
        """Return the outputs of every member for inputs, (members, examples, …).

        Args:
            x: The inputs, which all share.
            batch_size: The number of examples in a batch.
            own: Whether each member has inputs of its own, with a leading axis of members.
            held: The weights to predict with, such as those kept; None for those of now.
        """
        weights = self._weights(self.state) if held is None else held
        return self._outputs(weights, x, batch_size, own)

    def _weights(self, state: State) -> State:
        return {part: state[part] for part in ("trainable", "non_trainable")}

    def _carried(self, runtime: Runtime, ambient: int, state: State) -> dict[str, Any]:
        """Return what a member's techniques carry into the first step."""
        carried = {
            "step": np.array(0, "int32"),
            "seeds": runtime.seeds(ambient),
            "strengths": runtime.strengths(),
            "sums": runtime.sums(),
        }
        nothing: dict[str, dict[str, Any]] = {entry.label: {} for entry in runtime.entries}
        values = pairs(self.model, tensors(state))
        with Scope(values):
            frame = Frame(
                runtime, self._inside.adapter, {**tensors(carried), "state": nothing}, values
            )
            own = {
                entry.label: returned.state(
                    entry.technique.initial_state(frame.initial_context(entry)), entry.technique
                )
                for entry in runtime.entries
            }
        return {**carried, "state": keras.tree.map_structure(_array, own)}

    def _shared_optimizer(self, initial: list[State]) -> StackOptimizer | None:
        """Return one optimizer for all, where operations run one by one and that is the same.

        The weights after the update are read at UPDATE, which then must be in the same map.
        """
        if not self._map.runs_eagerly or self.runtime.turns[Stage.UPDATE]:
            return None
        if not is_elementwise(self.model) or not _share_scalars(initial):
            return None
        trainable, own = self.state["trainable"], self.state["optimizer"]
        return StackOptimizer(self._map, self.model.optimizer, trainable, own)


def _share_scalars(initial: list[State]) -> bool:
    """Return whether the count of updates and the learning rate are the same for all members."""
    scalars = [[value for value in state["optimizer"] if not value.shape] for state in initial]
    return all(np.array_equal(own, scalars[0]) for own in scalars)


def _selected(kept: State, now: State, rows: Tensor) -> State:
    """Return the weights of now for some members, and those kept before for the others."""

    def part(before: Tensor, after: Tensor) -> Tensor:
        chosen = ops.reshape(rows, (-1,) + (1,) * (len(after.shape) - 1))
        return ops.where(chosen, after, before)

    return keras.tree.map_structure(part, kept, now)


def _array(value: Tensor) -> Array:
    return np.asarray(ops.convert_to_numpy(value))
