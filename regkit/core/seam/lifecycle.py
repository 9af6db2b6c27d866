"""Attach at the start of a fit, detach at its end, and heal what a crash left.

Keras tells its callbacks nothing when a fit dies. So while techniques are announced for a model,
four of its methods are shadowed on the instance: `make_train_function`, which every fit calls
before it starts, puts back what an earlier fit has left; `save_weights` and `load_weights` let the
state travel with Keras' backup; `_get_metrics_result_or_logs`, of which Keras makes the logs of an
epoch, adds the parts of the loss. At the end of a fit they go, or at the end of the first epoch of
one that no technique has joined.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from regkit.core.errors import AttachError
from regkit.core.method import Method
from regkit.core.seam import backup
from regkit.core.seam.attached import Attached
from regkit.core.seam.patch import Shadows
from regkit.core.seam.running import called_by_fit, fits_around
from regkit.core.seam.scope import leave_all
from regkit.core.stages import Stage

__all__ = ["Seam"]

# The first goes last: as long as it is there, the next fit heals what an interrupt has left.
_HOOKS = (
    "make_train_function",
    "save_weights",
    "load_weights",
    "_get_metrics_result_or_logs",
)


class Seam:
    """The techniques of one model's fit.

    Args:
        model: The user's model.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self._shadows = Shadows()
        self._joined: list[Method] = []
        self._fit: Attached | None = None
        self._by_keras = False  # the fit is Keras' own, not a loop by hand
        self._backup: Path | None = None  # being restored
        self._written: Path | None = None  # in this epoch

    @classmethod
    def of(cls, model: keras.Model) -> Seam:
        """Return the seam of a model, which lives on the hooks, or a new one."""
        hook = model.__dict__.get(_HOOKS[0])
        seam = getattr(hook, "__self__", None)
        return seam if isinstance(seam, cls) else cls(model)

    # -- the hooks -----------------------------------------------------------------------------

    def make_train_function(self, force: bool = False) -> Any:
        """Stand in for the model's method: every fit calls it before its callbacks begin."""
        begins, around = called_by_fit(self.model), fits_around(self.model)
        by_hand = not self._by_keras  # a loop, of which nothing tells whether it still runs
        if self._is_running(around - begins) and not (by_hand and begins):
            return self._asked_inside(begins, force)
        self._detach()  # still attached here means that the fit before did not come to its end
        self._backup = None
        if around:
            self._hook()  # all of them, where an interrupt has left only some
        else:  # a batch is trained outside of any fit
            self._unhook()
        return type(self.model).make_train_function(self.model, force)

    def _is_running(self, around: int) -> bool:
        """Return whether the fit that techniques have joined goes on, with so many around."""
        return bool(self._joined) and bool(around or not self._by_keras)

    def _asked_inside(self, begins: bool, force: bool) -> Any:
        """Answer a fit, or a `train_on_batch`, of the same model in the midst of its fit.

        Raises:
            AttachError: for a fit within a fit in whose step techniques act.
        """
        acting = any(set(technique.stages()) - {Stage.WATCH} for technique in self._joined)
        if begins and acting:
            raise AttachError(
                f"a fit of {self.model.name!r} begins inside a fit of the same model, in which "
                f"{', '.join(map(repr, self._joined))} would be lost. Run it after this one, or on "
                "keras.models.clone_model(model)"
            )
        if self._fit is None or not acting:  # before the first epoch a batch is none of the fit's
            return type(self.model).make_train_function(self.model, force)
        if force or self.model.train_function is None:
            self._fit.attach_again()
        return self.model.train_function

    def save_weights(self, filepath: str | Path, *args: object, **kwargs: object) -> Any:
        """Stand in for the model's method: write the techniques' state first, beside a backup."""
        if self._fit is not None and backup.is_asked_by_backup():
            self._written = backup.write(self.model, Path(filepath).parent, self._fit.kept())
        return type(self.model).save_weights(self.model, filepath, *args, **kwargs)

    def load_weights(self, filepath: str | Path, *args: object, **kwargs: object) -> Any:
        """Stand in for the model's method: note that a backup is being restored."""
        if backup.is_asked_by_backup():
            self._backup = Path(filepath).parent
        return type(self.model).load_weights(self.model, filepath, *args, **kwargs)

    def _get_metrics_result_or_logs(self, logs: object) -> Any:
        """Stand in for the model's method, which gives Keras the logs of an epoch."""
        if self._fit is None and not self._joined:  # announced for a fit that died before it began
            self._unhook()
        result = type(self.model)._get_metrics_result_or_logs(self.model, logs)
        if self._fit is None or not called_by_fit(self.model):  # but by `evaluate`
            return result
        return self._fit.with_parts(result)

    def _hook(self) -> None:
        self.model.__dict__.update({name: getattr(self, name) for name in _HOOKS})

    def _unhook(self) -> None:
        for name in reversed(_HOOKS):
            self.model.__dict__.pop(name, None)

    # -- the course of a fit -------------------------------------------------------------------

    def announce(self) -> None:
        """Be there before a fit begins whose list Keras is setting up: it may restore a backup."""
        self._hook()

    def not_a_fit(self) -> None:
        """Forget what was announced to `evaluate` or `predict` outside of a fit."""
        if self._fit is None and not self._joined:
            self._unhook()

    def runs_with(self, technique: Method) -> bool:
        """Return whether a technique is in a fit of the model that goes on now."""
        here = any(technique is joined for joined in self._joined)
        return here and self._is_running(fits_around(self.model))

    def join(self, technique: Method) -> None:
        """Take a technique into the fit that begins."""
        if self._fit is not None:  # of a loop by hand that has died
            self._detach()
        self._by_keras = fits_around(self.model) > 0
        self._hook()
        self._joined.append(technique)

    def begin_epoch(self, technique: Method) -> None:
        """Attach before the first epoch, when all techniques have joined, and start its sums."""
        if self._fit is None and self._joined:
            try:
                self._attach()
            except BaseException:
                self.end_fit()
                raise
        if self._fit is not None and technique is self._joined[0]:
            self._written = None
            self._fit.begin_epoch()

    def _attach(self) -> None:
        self._fit = Attached(self.model, list(self._joined), self._shadows, self.end_fit)
        self._fit.attach()
        folder, self._backup = self._backup, None
        if folder is not None:
            kept = backup.read(self.model, folder, self._fit.owners())
            if kept is not None:
                self._fit.take_up(kept)

    def host_changed(self) -> None:
        """Bring a backup that Keras has just written up to what a host event has changed since."""
        if self._written is not None and self._fit is not None:
            backup.rewrite(self.model, self._written, self._fit.kept())

    def state_of(self, technique: Method) -> dict[str, Any]:
        """Return the declared state of a technique as NumPy arrays."""
        state = None if self._fit is None else self._fit.state_of(technique)
        if state is None:
            raise AttachError(
                f"{technique!r} carries state during a fit only, from its first epoch on"
            )
        return state

    def leave(self, technique: Method) -> None:
        """Note that a technique has come to the end of the fit; with the last one, detach."""
        self._joined = [joined for joined in self._joined if joined is not technique]
        if not self._joined:
            self.end_fit()

    def end_fit(self) -> None:
        """Put everything back."""
        self._detach()
        self._unhook()

    def _detach(self) -> None:
        leave_all()
        self._shadows.sweep()
        if self._fit is not None:
            self._fit.detach()
        self._fit = None
        self._joined = []
        self._written = None
