"""Attach at the start of a fit, detach at its end, and heal what a crash left.

Keras tells its callbacks nothing when a fit dies. So while techniques are announced for a model,
three of its methods are shadowed on the instance: `make_train_function`, which every fit calls
before it starts, notices a fit that no technique joins and puts everything back; `save_weights` and
`load_weights` let the state travel with Keras' backup. At the end of a fit they go.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from regkit.core.errors import AttachError
from regkit.core.plan import Plan
from regkit.core.seam import backup, returned
from regkit.core.seam.adapter import Adapter, make_adapter
from regkit.core.seam.frame import Frame
from regkit.core.seam.runtime import Runtime

if TYPE_CHECKING:
    from regkit.core.technique import Technique

__all__ = ["Seam"]

_HOOKS = ("make_train_function", "save_weights", "load_weights")
_CACHE = "regkit_functions"  # on Keras' own cached train function: compile() drops both together
_CACHE_SIZE = 4


class Seam:
    """The techniques of one model's fit.

    Args:
        model: The user's model.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self._announced: list[Technique] = []
        self._fit_is_coming = False  # techniques were announced since the last fit began
        self._joined: list[Technique] = []
        self._adapter: Adapter | None = None
        self._plain: Callable[..., Any] | None = None  # Keras' train function, to be put back
        self._ours: Callable[..., Any] | None = None
        self._function: Callable[..., Any] | None = None
        self._loaded = self._restored = False
        self._backup: Path | None = None  # being restored
        self._written: tuple[Path, int] | None = None  # in this epoch

    @classmethod
    def of(cls, model: keras.Model) -> Seam:
        """Return the seam of a model, which lives on the hooks, or a new one."""
        hook = model.__dict__.get(_HOOKS[0])
        seam = getattr(hook, "__self__", None)
        return seam if isinstance(seam, cls) else cls(model)

    # -- the hooks -----------------------------------------------------------------------------

    def make_train_function(self, force: bool = False) -> Any:
        """Stand in for the model's method: every fit calls it before its callbacks begin."""
        self._detach()  # still attached here means that the fit before did not come to its end
        self._backup = None
        # Announced without parameters: a callback that came after it broke the fit off.
        if not self._fit_is_coming or any(one.params is None for one in self._announced):
            self._unhook()
        self._fit_is_coming = False
        return type(self.model).make_train_function(self.model, force)

    def save_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        """Stand in for the model's method: write the techniques' state first, beside a backup."""
        if self._restored and backup.is_backup(filepath):
            folder = Path(filepath).parent
            self._written = (
                folder,
                backup.write(self.model, folder, self._carried(), self._host()),
            )
        return type(self.model).save_weights(self.model, filepath, *args, **kwargs)

    def load_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        """Stand in for the model's method: note that a backup is being restored."""
        if backup.is_backup(filepath):
            self._backup = Path(filepath).parent
        return type(self.model).load_weights(self.model, filepath, *args, **kwargs)

    def _hook(self) -> None:
        self.model.__dict__.update({name: getattr(self, name) for name in _HOOKS})

    def _unhook(self) -> None:
        for name in _HOOKS:
            self.model.__dict__.pop(name, None)
        self._announced.clear()
        self._fit_is_coming = False

    # -- the course of a fit -------------------------------------------------------------------

    def announce(self, technique: Technique) -> None:
        """Note a technique of the list that Keras is setting up."""
        self._hook()
        if not self._fit_is_coming:
            self._announced.clear()  # of a fit that died before it began
        self._fit_is_coming = True
        technique.params = None  # Keras sets them next, for all callbacks of its list
        self._announced.append(technique)

    def not_a_fit(self) -> None:
        """Forget what was announced to `evaluate` or `predict` outside of a fit."""
        if self._adapter is None and not self._joined:
            self._unhook()

    def begin_fit(self, technique: Technique) -> None:
        """Attach the techniques of this fit, at the first one that Keras calls."""
        if any(technique is one for one in self._joined):
            return
        # Keras hands one dict of parameters to all callbacks of a list, and a new one to the next.
        joined = [one for one in self._announced if one.params is technique.params]
        self._detach()
        try:
            self._attach(joined)
        except BaseException:
            self.end_fit()
            raise

    def _attach(self, joined: list[Technique]) -> None:
        self._announced.clear()
        self._joined = joined
        plan = Plan(joined)
        plan.require_acting()
        if not plan.inside():
            return
        self._plain = self.model.train_function
        runtime = Runtime(self.model, plan)
        self._adapter = make_adapter(runtime)
        if self._adapter.model_is_ready():
            self._resolve()
        self._ours = self.model.train_function = self._guarded()

    def _resolve(self) -> None:
        """Find what the techniques mean, and an earlier compiled step for the same."""
        assert self._adapter is not None
        fresh = self._adapter.runtime
        fresh.resolve()
        cache: dict[Any, tuple[Adapter, Callable[..., Any]]] = getattr(self._plain, _CACHE, {})
        key = fresh.fingerprint()
        if key in cache:
            self._adapter, self._function = cache[key]
            self._adapter.runtime.rebind(fresh.plan)
            self._adapter.runtime.resolve()
            return
        self._function = self._adapter.function()
        cache[key] = (self._adapter, self._function)
        while len(cache) > _CACHE_SIZE:
            cache.pop(next(iter(cache)))
        setattr(self._plain, _CACHE, cache)

    def _guarded(self) -> Callable[..., Any]:
        """Return the train function: build and load late where needed, detach if a step dies."""

        def train_function(*args: Any) -> Any:
            try:
                if not self._loaded:
                    self._build_and_load(args[-1])
                assert self._function is not None
                return self._function(*args)
            except StopIteration:  # the data came to their end: no failure
                raise
            except BaseException as error:
                if type(error).__name__ != "OutOfRangeError":  # TensorFlow's words for the same
                    if self._adapter is not None:
                        self._adapter.rescue(*args)
                    self.end_fit()
                raise

        return train_function

    def _build_and_load(self, iterator: Any) -> None:
        """Do at the first step what could not be done before on a model that was not built."""
        assert self._adapter is not None
        self._adapter.build(iterator)
        self._resolve()
        self._load()
        self._restore()

    def _load(self) -> None:
        assert self._adapter is not None
        self._adapter.load(self._initial())
        self._loaded = True

    def _restore(self) -> None:
        """Take up the state beside the backup that Keras has restored, if it has."""
        folder, self._backup = self._backup, None
        self._restored = True
        if folder is None:
            return
        found = backup.read(self.model, folder, self._carried())
        if found is None:
            return
        if self._adapter is not None:
            self._adapter.load(found[0])
        for place, state in found[1].items():
            self._joined[int(place)].set_host_state(state)

    def _host(self) -> backup.Host:
        return {str(place): one.host_state() for place, one in enumerate(self._joined)}

    def _carried(self) -> Any:
        return {} if self._adapter is None else self._adapter.carried

    def _initial(self) -> dict[str, Any]:
        assert self._adapter is not None
        runtime = self._adapter.runtime
        empty = {"seeds": runtime.seeds(), "sums": runtime.sums()}
        nothing: dict[str, dict[str, Any]] = {member.label: {} for member in runtime.members}
        seeds = keras.ops.convert_to_tensor(empty["seeds"])
        frame = Frame(
            runtime,
            self._adapter,
            {**empty, "seeds": seeds, "state": nothing},
            int(keras.ops.convert_to_numpy(self._adapter.counter())),
            [],
        )
        state = {
            member.label: returned.state(
                member.technique.initial_state(frame.initial_context(member)), member.technique
            )
            for member in runtime.members
        }
        return {**empty, "state": state}

    def begin_epoch(self, technique: Technique, epoch: int) -> None:
        """Load the state before the first step, and start the epoch's sums at zero.

        Raises:
            AttachError: where another fit of the model, run by a callback inside this one, has
                ended the techniques' part in it.
        """
        if not any(technique is one for one in self._joined):
            raise AttachError(
                f"a fit of {self.model.name!r} ran inside this fit of the same model, and ended "
                f"the part of {technique!r} in it. Run it after this one, or on a clone"
            )
        self._written = None
        adapter = self._adapter
        if adapter is not None and not self._loaded and adapter.runtime.resolved:
            self._load()
        if not self._restored and (adapter is None or self._loaded):
            self._restore()
        if adapter is not None and self._loaded and adapter.runtime.penalties:
            adapter.load({**adapter.carried, "sums": adapter.runtime.sums()})

    def end_epoch(self, logs: dict[str, Any] | None) -> None:
        """Add the means of the epoch to the logs: the data loss, and each penalty."""
        if self._adapter is None or logs is None or not self._adapter.runtime.penalties:
            return
        sums = keras.ops.convert_to_numpy(self._adapter.carried["sums"])
        names = ["data_loss", *self._adapter.runtime.penalties]
        logs.update({name: float(one / sums[0]) for name, one in zip(names, sums[1:], strict=True)})

    def host_changed(self) -> None:
        """Bring a backup that Keras has just written up to what a host event has changed since."""
        if self._written is not None:
            backup.write_host(*self._written, self._host())

    def state_of(self, technique: Technique) -> dict[str, Any]:
        """Return the declared state of a technique as NumPy arrays."""
        runtime = None if self._adapter is None else self._adapter.runtime
        for member in () if runtime is None or not self._loaded else runtime.members:
            if member.technique is technique:
                held = self._carried()["state"][member.label]
                return dict(keras.tree.map_structure(keras.ops.convert_to_numpy, held))
        raise AttachError(f"{technique!r} carries state during a fit only, from its first epoch on")

    def leave(self, technique: Technique) -> None:
        """Note that a technique has come to the end of the fit; with the last one, detach."""
        self._joined = [one for one in self._joined if one is not technique]
        if not self._joined:
            self.end_fit()

    def end_fit(self) -> None:
        """Put everything back."""
        self._detach()
        self._unhook()

    def _detach(self) -> None:
        if self._ours is not None and self.model.train_function is self._ours:
            self.model.train_function = self._plain
        if self._adapter is not None:
            self._adapter.release()
        self._adapter = self._plain = self._ours = self._function = None
        self._joined = []
        self._written = None
        self._loaded = self._restored = False
