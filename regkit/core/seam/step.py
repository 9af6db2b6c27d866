"""One training step as its parts see it: the batch, the contexts of techniques, what is carried.

The parts (`forward.py`, `losses.py`, `applying.py`, `second_pass.py`) work on a `Step`; `frame.py`
puts them around Keras' own step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from keras import ops

from regkit.core.context import Context
from regkit.core.draws import draws_of_step
from regkit.core.plan import Entry
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.scope import Scope, in_scope
from regkit.core.seam.step_adapter import Carried, StepAdapter
from regkit.core.services import Pairs, Services
from regkit.core.stages import Batch, Stage
from regkit.core.state import State
from regkit.types import Tensor

__all__ = ["Step"]


class Step(ABC):
    """The step of one batch.

    Args:
        runtime: The plan on this model.
        adapter: The backend's ways.
        carried: What came out of the step before.
        values: On JAX, the value of every variable, which is not on the variables there.
        part: For sampled predictions, the number of the batch; None for a step of training.

    Attributes:
        runtime: The plan on this model.
        adapter: The backend's ways.
        model: The user's model.
        number: The number of training steps before this one.
        batch: The batch, as DATA has left it so far.
        size: The number of its examples.
        sums: The epoch's sums of the parts of the loss.
        values: On JAX, the value of every variable, which is not on the variables there.
        inner: On JAX, the values that the forward pass got.
        asking: In a second pass, the labels of the techniques that asked for it; else None.
        tasks: In a second pass that wants them, the losses of the outputs; else None.
        count: The optimizer's count before its update; None where nothing depends on it.
        replaying: Whether a layer is run once more, or will be, with the same draws.
        training: Whether this is a step of training; else one of sampled predictions.
    """

    def __init__(
        self,
        runtime: Runtime,
        adapter: StepAdapter,
        carried: Carried,
        values: Pairs,
        part: Tensor | int | None = None,
    ) -> None:
        self.runtime, self.adapter, self.values = runtime, adapter, values
        self.inner: Pairs = []
        self.model = runtime.model
        self.number: Tensor | int = carried["step"]
        self.batch = Batch(None)
        self.size: Tensor | int = 0
        self.sums: Tensor = carried["sums"]
        self.asking: frozenset[str] | None = None
        self.tasks: dict[str, Tensor] | None = None
        self.replaying = False
        self.training = part is None
        self.reached_loss = self.reached_target = self.reached_apply = False
        self.data_done: set[str] = set()  # of the entries that act at DATA, by label
        self._seeds = carried["seeds"]
        self._strengths = carried["strengths"]
        # Samples draw what no step does: at stages beyond those of a step, each part apart.
        self._first_stage = 0 if part is None else len(Stage)
        self._replica: Tensor | int = 0
        if part is not None:
            self._replica = part
        elif adapter.replicas > 1:
            self._replica = adapter.replica()
        self._states = {
            entry.label: State(dict(carried["state"][entry.label]), adapter.own)
            for entry in runtime.entries
        }
        self.count: Tensor | None = None
        self._memos: dict[str, dict[str, Any]] = {entry.label: {} for entry in runtime.entries}
        self._contexts = self._all_contexts()

    # -- contexts ------------------------------------------------------------------------------

    @property
    @abstractmethod
    def services(self) -> Services:
        """What the contexts ask of the step."""

    def _all_contexts(self) -> dict[tuple[str, Stage], Context]:
        """Return the techniques' contexts, all of them now.

        What is made within an inner trace (of a layer that is computed again for its gradient, or
        in a loop) must not be used outside of it.
        """
        contexts: dict[tuple[str, Stage], Context] = {}
        services = self.services
        draws = draws_of_step(self._places(self.runtime.views), self.number, self._replica)
        memos = self._memos
        for (entry, stage), numbers in zip(self.runtime.views, draws, strict=True):
            label, weights = entry.label, self.runtime.weights[entry.label]
            contexts[label, stage] = Context(
                services,
                label,
                numbers,
                self._states[label],
                memos[label],
                weights,
                self._strengths[label],
            )
        return contexts

    def close(self) -> None:
        """Drop the contexts: they refer back to the step, and would keep its batch alive."""
        self._contexts.clear()

    def initial_context(self, entry: Entry) -> Context:
        """Return the view in which a technique declares its state, outside of any step."""
        places = self._places([(entry, Stage.UPDATE)])
        draws = draws_of_step(places, self.number, self._replica)[0]
        state, weights = self._states[entry.label], self.runtime.weights[entry.label]
        return Context(self.services, entry.label, draws, state, {}, weights, {})

    def context(self, entry: Entry, stage: Stage) -> Context:
        """Return a technique's view of the step at a stage."""
        return self._contexts[entry.label, stage]

    def _places(self, views: Sequence[tuple[Entry, Stage]]) -> list[tuple[Tensor | int, int]]:
        """Return the base and the stage that key the draws of each context."""
        place = self.runtime.place
        return [(self._seeds[place[m.label]], self._first_stage + int(s)) for m, s in views]

    def active(self, entry: Entry, stage: Stage) -> bool:
        """Return whether an entry acts now.

        A technique that asks for the loss is left out of it: otherwise it would ask without end.
        One that follows at TARGET what it does at DATA waits until it has done that: another may
        ask for the loss earlier in DATA.
        """
        if self.asking is not None and entry.label in self.asking:
            return False
        follows = stage is Stage.TARGET and entry.label in self.runtime.follows
        return not follows or entry.label in self.data_done

    # -- values --------------------------------------------------------------------------------

    def reading(self) -> AbstractContextManager[object]:
        """Return a scope in which `variable.value` is right, wherever in the step."""
        return nullcontext() if not self.values or in_scope() else Scope(self.values)

    def loss_scale(self) -> Any:
        """Return the factor by which Keras scales the loss, 1 but in mixed_float16."""
        return self.model.optimizer.dynamic_scale.value if self.adapter.scales_loss() else 1.0

    def carry(self) -> Carried:
        """Return what the next step gets."""
        state = {label: dict(values) for label, values in self._states.items()}
        return {
            "step": self.number + 1,
            "seeds": self._seeds,
            "strengths": self._strengths,
            "sums": self.sums,
            "state": state,
        }

    def noted(self) -> dict[str, Any]:
        """Return what stages have noted so far, for a transformation that must return its results.

        What a function that is differentiated writes elsewhere may not outlive its transformation.
        """
        memos = {
            label: {k: v for k, v in memo.items() if ops.is_tensor(v)}
            for label, memo in self._memos.items()
        }
        state = {label: dict(values) for label, values in self._states.items()}
        return {"sums": self.sums, "state": state, "memos": memos}

    def take_up(self, noted: dict[str, Any]) -> None:
        """Take what `noted` gave, as the transformation has returned it."""
        self.sums = noted["sums"]
        for label, values in noted["state"].items():
            self._states[label].restore(values)
        for label, memo in noted["memos"].items():
            self._memos[label].update(memo)

    # -- passes that are made again ------------------------------------------------------------

    def rewind(self, but: str) -> Callable[[], None]:
        """Let all techniques but one draw again from the first; return what undoes it."""
        states = {label: dict(state) for label, state in self._states.items()}
        others = [view for key, view in self._contexts.items() if key[0] != but]
        marks = [context.draws.rewind() for context in others]

        def put_back() -> None:
            for label, values in states.items():
                self._states[label].restore(values)
            for context, mark in zip(others, marks, strict=True):
                context.draws.rewind(mark)

        return put_back

    def replayable(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call that draws the same numbers each time that it is run.

        TensorFlow and PyTorch run a layer once more for its gradient, to save memory.
        """
        forward = [view for key, view in self._contexts.items() if key[1] is Stage.FORWARD]
        marks = [context.draws.position for context in forward]

        def run(*args: object, **kwargs: object) -> Any:
            before = [c.draws.rewind(mark) for c, mark in zip(forward, marks, strict=True)]
            outer, self.replaying = self.replaying, True
            try:
                return call(*args, **kwargs)
            finally:
                self.replaying = outer
                for context, position in zip(forward, before, strict=True):
                    context.draws.rewind(max(position, context.draws.position))

        return run
