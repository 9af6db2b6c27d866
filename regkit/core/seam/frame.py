"""One training step: the stages around Keras' own `train_step`, the same on every backend.

Nothing stays on the model between steps. What has to be replaced (a layer's `call`, `compute_loss`,
the optimizer's `apply`) is replaced while the step is traced, or run eagerly, and no longer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import keras

from regkit.core.context import Context, State
from regkit.core.draws import Draws
from regkit.core.plan import Member
from regkit.core.seam import losses, returned
from regkit.core.seam.batches import opened
from regkit.core.seam.forward import (
    called_method,
    replayed_call,
    training_is_off,
    wrapped_call,
)
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.scope import Scope, in_scope
from regkit.core.seam.second_pass import SecondPass
from regkit.core.stages import Batch, Stage, Target

__all__ = ["Frame"]

Tensor = Any
Mapping = list[tuple[keras.Variable, Tensor]]


class Frame:
    """The step of one batch.

    Args:
        runtime: The plan on this model.
        adapter: The backend's ways.
        carried: What came out of the step before: {"step", "seeds", "sums", "state"}.
        values: On JAX, the value of every variable, which is not on the variables there.
    """

    def __init__(
        self, runtime: Runtime, adapter: Any, carried: dict[str, Any], values: Mapping
    ) -> None:
        self.runtime, self.adapter, self.values = runtime, adapter, values
        self.model = runtime.model
        self.step = carried["step"]
        self.batch = Batch(None)
        self.size: Tensor = 0
        self.sums = carried["sums"]
        self._seeds = carried["seeds"]
        self._data_done: set[str] = set()
        # In a second pass: the labels of the techniques that asked for it, and, while they are
        # asked for, the losses of the outputs.
        self.asking: frozenset[str] | None = None
        self.tasks: dict[str, Tensor] | None = None
        self.reached_loss = self.reached_target = self.reached_apply = False
        self.replaying = False  # a layer is run once more, or will be, with the same draws
        self._states = {
            member.label: State(dict(carried["state"][member.label]), adapter.own)
            for member in runtime.members
        }
        self._memos: dict[str, dict[str, Any]] = {m.label: {} for m in runtime.members}
        # All of them now: what is made within an inner trace (of a layer that is computed again
        # for its gradient, or in a loop) must not be used outside of it.
        self._contexts: dict[tuple[str, Stage], Context] = {
            (member.label, stage): self._new_context(member, stage)
            for stage in Stage
            for member in runtime.at[stage]
            if stage is not Stage.WATCH
        }

    def carry(self) -> dict[str, Any]:
        """Return what the next step gets."""
        state = {label: dict(values) for label, values in self._states.items()}
        return {"step": self.step + 1, "seeds": self._seeds, "sums": self.sums, "state": state}

    def _new_context(self, member: Member, stage: Stage) -> Context:
        base = self._seeds[self.runtime.place[member.label]]
        return Context(
            self,
            member.label,
            self.draws(base, stage),
            self._states[member.label],
            self._memos[member.label],
            self.runtime.weights[member.label],
        )

    def context(self, member: Member, stage: Stage) -> Context:
        """Return a technique's view of the step at a stage."""
        return self._contexts[member.label, stage]

    def draws(self, base: Tensor, stage: Stage) -> Draws:
        """Return the random numbers of a technique at a stage."""
        return Draws(base, self.step, int(stage), self.adapter.replica())

    def layer_is_perturbed(self) -> bool:
        """Return whether FORWARD acts on the layer that Keras is calling: in training only."""
        return not training_is_off()

    def initial_context(self, member: Member) -> Context:
        """Return the view in which a technique declares its state, outside of any step."""
        return self._new_context(member, Stage.UPDATE)

    # -- the extent of the step ----------------------------------------------------------------

    @contextmanager
    def around(self) -> Iterator[None]:
        """Put the stages into the model for a block in which Keras' own step runs."""
        with ExitStack() as stack:
            if self._wraps_loss():
                stack.enter_context(
                    self.adapter.patched(self.model, "compute_loss", self._compute_loss)
                )
            stack.enter_context(self.around_layers())
            stack.enter_context(self.adapter.around(self))
            # Contexts look back at the frame. Parted from it, they let the batch go at once, not
            # when Python's collector of cycles comes by.
            stack.callback(self._contexts.clear)
            yield
        self.runtime.require_reached(self.reached_loss, self.reached_target)
        if not self.reached_apply:
            self.runtime.require_applied()

    @contextmanager
    def around_layers(self) -> Iterator[None]:
        """Put FORWARD around the calls of the layers, and nothing else."""
        with ExitStack() as stack:
            for layer, members in self.runtime.layers.values():
                wrap = functools.partial(wrapped_call, self, layer, members)
                stack.enter_context(self.adapter.patched(layer, called_method(layer), wrap))
            for layer in self.runtime.recomputed:
                again = functools.partial(replayed_call, self)
                stack.enter_context(self.adapter.patched(layer, "rematerialized_call", again))
            yield

    # -- DATA ----------------------------------------------------------------------------------

    def data(self, data: Any) -> Any:
        """Run the DATA stage on what the iterator gave, and return it in the same form."""
        self.batch, closed = opened(data)
        if self.runtime.penalties:  # their means over an epoch are weighted by it
            leaf = next((one for one in keras.tree.flatten(self.batch.x) if one is not None), None)
            self.size = 1 if leaf is None else self.adapter.length(leaf)
        with self.reading():
            for member in self.runtime.at[Stage.DATA]:
                found = member.technique.data(self.batch, self.context(member, Stage.DATA))
                self.batch = returned.batch(found, member.technique)
                self._data_done.add(member.label)
        return closed(self.batch) if self.runtime.at[Stage.DATA] else data

    # -- TARGET and PENALTY --------------------------------------------------------------------

    def _compute_loss(self, original: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def compute_loss(*args: Any, **kwargs: Any) -> Tensor:
            names = ("x", "y", "y_pred", "sample_weight", "training")
            given = dict(zip(names, args, strict=False)) | kwargs
            if given.get("training", True) is False:
                return original(*args, **kwargs)
            self.reached_loss = True
            with self.adapter.reading_in_loss(self), self._retargeting():
                if self.model._compile_loss is None and self.runtime.at[Stage.TARGET]:
                    y = self._plain_y(given.get("y"), given.get("y_pred"))
                    args = (*args[:1], y, *args[2:]) if len(args) > 1 else args
                    kwargs = kwargs if len(args) > 1 else kwargs | {"y": y}
                return self._with_penalties(original(*args, **kwargs))

        return compute_loss

    def loss_method(self) -> Callable[..., Tensor]:
        """Return the model's `compute_loss` with TARGET and PENALTY around it."""
        now = self.model.compute_loss
        return now if self._wraps_loss() else self._compute_loss(now)

    def _wraps_loss(self) -> bool:
        return bool(self.runtime.at[Stage.TARGET] or self.runtime.at[Stage.PENALTY])

    def _plain_y(self, y: Any, y_pred: Any) -> Any:
        self.reached_target = True
        return losses.target_of_plain_y(y, y_pred, self._target)

    @contextmanager
    def _retargeting(self) -> Iterator[None]:
        """Let the compiled loss of each output change its targets, and note its value."""
        compiled = self.model._compile_loss
        if compiled is None or not (self.runtime.at[Stage.TARGET] or self.tasks is not None):
            yield
            return
        flat = [one._replace(loss=self._task_loss(one)) for one in compiled._flat_losses]
        with self.runtime.shadows.replaced(compiled, "_flat_losses", flat):
            yield

    def _task_loss(self, entry: Any) -> Callable[..., Tensor]:
        loss = losses.retargeted(entry.loss, entry.name, self._target)

        def call(*args: Any) -> Tensor:
            self.reached_target = True
            value = loss(*args)
            if self.tasks is not None:
                weight = 1.0 if entry.loss_weights is None else entry.loss_weights
                self.tasks[entry.name] = value * weight
            return value

        call.name = entry.name  # type: ignore[attr-defined]  # as a Loss has
        return call

    def _target(self, target: Target) -> Target:
        for member in self.runtime.at[Stage.TARGET]:
            if self.active(member, Stage.TARGET):
                found = member.technique.target(target, self.context(member, Stage.TARGET))
                target = returned.target(found, member.technique)
        return target

    def _with_penalties(self, data_loss: Tensor) -> Tensor:
        members = [m for m in self.runtime.at[Stage.PENALTY] if self.active(m, Stage.PENALTY)]
        if not members:
            return data_loss
        found = [(m.technique.penalty(self.context(m, Stage.PENALTY)), m) for m in members]
        parts = [returned.scalar(part, m.technique, data_loss.dtype) for part, m in found]
        if self.asking is None:
            values = [self.adapter.unscaled(data_loss), *parts]
            self.sums = self.adapter.accumulated(self.sums, self.size, values)
        # as Keras does with its own regularizers: a distribution strategy sums over replicas
        return data_loss + sum(self.model._aggregate_additional_loss(part) for part in parts)

    # -- the context's services ----------------------------------------------------------------

    @property
    def again(self) -> SecondPass:
        """What runs the step's loss once more."""
        return SecondPass(self)

    def reading(self) -> AbstractContextManager[Any]:
        """Return a scope in which `variable.value` is right, wherever in the step."""
        return nullcontext() if in_scope() or not self.values else Scope(self.values)

    def scope(self, mapping: Mapping) -> Scope:
        """Return a scope for `with_weights`."""
        self.runtime.require_keras(variable for variable, _ in mapping)
        return Scope(mapping, keep=True, model=self.model)

    def loss_scale(self) -> Any:
        """Return the factor by which Keras scales the loss, 1 but in mixed_float16."""
        return self.model.optimizer.dynamic_scale.value if self.adapter.scales_loss() else 1.0

    def replayable(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call that draws the same numbers each time that it is run.

        TensorFlow and PyTorch run a layer once more for its gradient, to save memory.
        """
        forward = [one for key, one in self._contexts.items() if key[1] is Stage.FORWARD]
        marks = [one.draws.position for one in forward]

        def run(*args: Any, **kwargs: Any) -> Any:
            before = [one.draws.rewind(mark) for one, mark in zip(forward, marks, strict=True)]
            outer, self.replaying = self.replaying, True
            try:
                return call(*args, **kwargs)
            finally:
                self.replaying = outer
                for one, position in zip(forward, before, strict=True):
                    one.draws.rewind(max(position, one.draws.position))

        return run

    def active(self, member: Member, stage: Stage) -> bool:
        """Return whether a member acts now.

        Who asks for the loss is not in it, or it would recur. Who follows at TARGET what it does
        at DATA waits until it has: DATA may ask for the loss earlier.
        """
        if stage is Stage.FORWARD:
            return True
        if self.asking is not None and member.label in self.asking:
            return False
        follows = stage is Stage.TARGET and member.label in self.runtime.follows
        return not follows or member.label in self._data_done

    def rewind(self, but: str) -> Callable[[], None]:
        """Let all techniques but one draw again from the first; return what undoes it."""
        states = {label: dict(state) for label, state in self._states.items()}
        marks = {key: one.draws.rewind() for key, one in self._contexts.items() if key[0] != but}

        def put_back() -> None:
            for label, values in states.items():
                self._states[label].restore(values)
            for key, one in self._contexts.items():
                if key[0] != but:
                    one.draws.rewind(marks.get(key, 0))

        return put_back
