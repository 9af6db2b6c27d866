"""Kill and resume: a run from a backup ends as one without a break."""

from __future__ import annotations

import tempfile
from typing import Any

import keras
import numpy as np

from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, attempted
from regkit.testing.subject import StateRecorder, Subject
from regkit.testing.workbench import reset

__all__ = ["resume"]

_FIX = (
    "declare what the step remembers in initial_state, and return what the host events remember "
    "(numbers, text, arrays) from host_state, to be taken back in set_host_state"
)


class _Killed(BaseException):
    """What no callback catches, as a signal: nothing of the fit comes to its end."""


class _Kill(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if (self.epoch, batch) == (1, 1):
            raise _Killed


@check()
def resume(subject: Subject) -> None:
    """Killed and resumed from Keras' backup, a run ends bit for bit as one without a break."""
    whole = subject.standard
    with tempfile.TemporaryDirectory() as folder:

        def backup() -> Any:
            return keras.callbacks.BackupAndRestore(folder)

        with attempted("a fit with BackupAndRestore writes and reads the technique's state", _FIX):
            technique = subject.seeded()
            states = StateRecorder(technique)
            with subject.bench.lent() as model:
                _killed(subject, model, backup())
                reset(model, subject.bench.start)
                # Another global seed: all that matters must come from the backup.
                run = subject.fit(model, technique, backup(), states, seed=99)
    expected = "a run that was killed and resumed ends as one without a break"
    if not subject.equals_standard(run):
        raise CheckFailed(f"{expected}, with its weights", "the weights differ", _FIX)
    if not _equal(states.seen[-1:], whole.states[-1:]):
        raise CheckFailed(f"{expected}, with its state", "the declared state differs", _FIX)
    host = technique.host_state()
    if not _equal(host, whole.host):
        raise CheckFailed(f"{expected}, and host_state() is {whole.host}", f"it is {host}", _FIX)


def _killed(subject: Subject, model: keras.Model, backup: keras.callbacks.Callback) -> None:
    try:
        subject.fit(model, subject.seeded(), backup, _Kill())
    except _Killed:
        return
    raise CheckFailed(
        "a fit of three epochs gets to its second",
        "the technique ended it before",
        "return instances from checked_as that let the fit go on for two epochs",
    )


def _equal(left: object, right: object) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(np.array_equal(np.asarray(left), np.asarray(right)))
