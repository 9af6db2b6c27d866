"""The techniques of one fit on its model: the compiled step, and what it carries from step to step.

The train function of Keras' making is replaced for the time of the fit by one with the stages in
it. The compiled function is kept on Keras' own, which `compile` drops; equal techniques find it
there again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from regkit.core import returned
from regkit.core.errors import AttachError
from regkit.core.method import Method
from regkit.core.plan import Plan
from regkit.core.seam import clock
from regkit.core.seam.adapter import Adapter
from regkit.core.seam.backup import Kept, owner
from regkit.core.seam.frame import Frame
from regkit.core.seam.patch import Shadows
from regkit.core.seam.running_backend import make_adapter
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.step_adapter import Carried
from regkit.types import Array, Nest

__all__ = ["Attached"]

_CACHE = "regkit_functions"
_CACHE_SIZE = 4


class Attached:
    """One fit's part in its model.

    Args:
        model: The user's model.
        techniques: Those of the fit, in the order of the list.
        shadows: What is shadowed on the model.
        died: Called where a step raises.

    Raises:
        RegkitError: where the techniques contradict each other or the model.
    """

    def __init__(
        self,
        model: keras.Model,
        techniques: list[Method],
        shadows: Shadows,
        died: Callable[[], None],
    ) -> None:
        self.model, self._shadows, self._died = model, shadows, died
        self.plan = Plan(techniques)
        self.plan.require_acting()
        self._adapter: Adapter | None = None
        self._plain: Callable[..., Any] | None = None  # Keras' train function, to be put back
        self._ours: Callable[..., Any] | None = None
        self._function: Callable[..., Any] | None = None
        self._loaded = False
        self._carried: Carried | None = None  # from before the model got a new train function
        self._kept: Kept | None = None  # of a backup, until it is taken up

    # -- attaching -----------------------------------------------------------------------------

    def attach(self) -> None:
        """Put the step with the stages in the place of the model's train function."""
        if not self.plan.inside():  # on the host alone
            return
        if type(self.model).make_train_function is not keras.Model.make_train_function:
            raise AttachError(
                f"{type(self.model).__name__} has a make_train_function of its own, which "
                f"techniques in the step would replace. Put what it does into train_step"
            )
        type(self.model).make_train_function(self.model)  # there already, but in a loop by hand
        self._plain = self.model.train_function
        self._adapter = make_adapter(Runtime(self.model, self.plan, self._shadows))
        self._adapter.prepare()
        if self._adapter.model_is_ready():
            self._resolve()
        self._ours = self._guarded()
        self.model.train_function = self._ours

    def attach_again(self) -> None:
        """Do so once more where somebody has asked for a new train function, and go on."""
        if self._loaded and self._adapter is not None:
            self._carried = keras.tree.map_structure(_numpy, self._adapter.carried)
        self._loaded, self._function = False, None
        type(self.model).make_train_function(self.model, force=True)
        self.attach()

    def detach(self) -> None:
        """Put Keras' train function back, and remember how many steps were done."""
        if self._ours is not None and self.model.train_function is self._ours:
            self.model.train_function = self._plain
        if self._adapter is not None:
            self._adapter.revive()
            if self._loaded and (steps := self._adapter.steps()) is not None:
                clock.note(self.model, steps)
            self._adapter.release()

    def _resolve(self) -> None:
        """Find what the techniques mean, and an earlier compiled step for the same."""
        assert self._adapter is not None
        fresh = self._adapter.runtime
        fresh.resolve()
        cache: dict[Any, tuple[Adapter, Callable[..., Any]]] = getattr(self._plain, _CACHE, {})
        key = fresh.fingerprint()
        if key in cache:
            self._adapter, self._function = cache[key]
            self._adapter.runtime.rebind(self.plan, self._shadows)
            self._adapter.runtime.resolve()
            return
        self._function = self._adapter.function()
        cache[key] = (self._adapter, self._function)
        while len(cache) > _CACHE_SIZE:
            cache.pop(next(iter(cache)))
        setattr(self._plain, _CACHE, cache)

    def _guarded(self) -> Callable[..., Any]:
        """Return the train function: build and load late where needed, end if a step dies."""

        def train_function(*args: Any) -> Any:
            try:
                args = (*args[:-1], self._ready(args[-1]))
                assert self._function is not None
                assert self._adapter is not None
                with self._adapter.runtime.standing_in():
                    return self._function(*args)
            except StopIteration:  # the data came to their end: no failure
                raise
            except BaseException as error:
                if type(error).__name__ != "OutOfRangeError":  # TensorFlow's words for the same
                    self._died()
                raise

        return train_function

    def _ready(self, iterator: Iterator[Nest]) -> Any:
        """Do at a first step what could not be done before on a model that was not built."""
        assert self._adapter is not None
        if self._function is None:
            iterator = self._adapter.build(iterator)
            self._resolve()
        if not self._loaded:
            self._load()
        return iterator

    # -- what the step carries -----------------------------------------------------------------

    def begin_epoch(self) -> None:
        """Load what the first step gets; later start the epoch's sums at zero.

        Strengths are read anew: somebody's callback may change a number between epochs.
        """
        adapter = self._adapter
        if adapter is None:
            return
        adapter.begin_epoch()
        if not self._loaded and adapter.runtime.resolved:
            self._load()
        elif self._loaded:
            fresh = {"sums": adapter.runtime.sums(), "strengths": adapter.runtime.strengths()}
            if keras.tree.flatten(fresh["strengths"]) or adapter.runtime.penalties:
                adapter.load({**adapter.carried, **fresh})

    def _load(self) -> None:
        assert self._adapter is not None
        carried, self._carried = self._carried, None
        self._adapter.load(carried or self._taken_up(self._initial()))
        self._loaded = True

    def _initial(self) -> Carried:
        """Return what the first step of the fit carries, as arrays."""
        assert self._adapter is not None
        runtime = self._adapter.runtime
        carried = {
            "step": np.array(clock.done(self.model), "int32"),
            "seeds": runtime.seeds(),
            "strengths": runtime.strengths(),
            "sums": runtime.sums(),
        }
        nothing: dict[str, dict[str, Any]] = {entry.label: {} for entry in runtime.entries}
        tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, carried)
        frame = Frame(runtime, self._adapter, {**tensors, "state": nothing}, [])
        state = {
            entry.label: returned.state(
                entry.technique.initial_state(frame.initial_context(entry)), entry.technique
            )
            for entry in runtime.entries
        }
        return {**carried, "state": state}

    def owners(self) -> list[str]:
        """Return under which texts the techniques' state is kept."""
        return [owner(entry) for entry in self.plan.entries]

    def take_up(self, kept: Kept) -> None:
        """Go on from what a backup kept, each technique with its own."""
        self._kept = kept
        for entry in self.plan.entries:
            if (state := kept.host.get(owner(entry))) is not None:
                entry.technique.set_host_state(state)

    def _taken_up(self, carried: Carried) -> Carried:
        kept, self._kept = self._kept, None
        if kept is None or self._adapter is None:
            return carried
        if kept.step is not None:
            carried["step"] = np.array(kept.step, "int32")
        for place, entry in enumerate(self._adapter.runtime.entries):
            arrays = kept.parts.get(owner(entry))
            own = carried["state"][entry.label]
            shapes = [tuple(array.shape) for array in keras.tree.flatten(own)]
            if arrays and shapes == [array.shape for array in arrays[1:]]:
                carried["seeds"][place] = arrays[0]
                carried["state"][entry.label] = keras.tree.pack_sequence_as(own, arrays[1:])
        return carried

    def kept(self) -> Kept:
        """Return what a backup of this moment holds."""
        host = {owner(entry): entry.technique.host_state() for entry in self.plan.entries}
        parts: dict[str, list[Any]] = {name: [] for name in host}
        if self._adapter is None or not self._loaded:
            return Kept(None, parts, host)
        carried = keras.tree.map_structure(_numpy, self._adapter.carried)
        for place, entry in enumerate(self._adapter.runtime.entries):
            state = keras.tree.flatten(carried["state"][entry.label])
            parts[owner(entry)] = [carried["seeds"][place], *state]
        return Kept(int(carried["step"]), parts, host)

    def state_of(self, technique: Method) -> dict[str, Any] | None:
        """Return the declared state of a technique as arrays, or None where there is none now."""
        if self._adapter is None or not self._loaded:
            return None
        for entry in self._adapter.runtime.entries:
            if entry.technique is technique:
                held = self._adapter.carried["state"][entry.label]
                return dict(keras.tree.map_structure(keras.ops.convert_to_numpy, held))
        return None

    # -- the parts of the loss -----------------------------------------------------------------

    def with_parts(self, logs: object) -> Any:
        """Return an epoch's logs of training with the parts of the loss.

        A part whose name Keras has used gets one of regkit's.
        """
        adapter = self._adapter
        if adapter is None or not self._loaded or not adapter.runtime.penalties:
            return logs
        if not isinstance(logs, dict) or not logs:  # there was no step
            return logs
        sums = _numpy(adapter.carried["sums"])
        if not sums[0]:  # a train_step that computes no loss in this epoch
            raise AttachError(
                f"{type(self.model).__name__}.train_step did not compute the loss in a whole epoch"
            )
        names = ["data_loss", *adapter.runtime.penalties]
        parts = zip(names, sums[1:], strict=True)
        return {**logs, **{_free(name, logs): float(part / sums[0]) for name, part in parts}}


def _free(name: str, taken: dict[str, object]) -> str:
    return _free(f"regkit_{name}", taken) if name in taken else name


def _numpy(value: Nest) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(value))
