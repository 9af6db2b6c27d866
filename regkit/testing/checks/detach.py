"""Detaching: after a fit, and after one that crashed, the model is the plain one that it was."""

from __future__ import annotations

from typing import Any

import keras

from regkit.testing.bench import plain
from regkit.testing.checking import check
from regkit.testing.differences import difference
from regkit.testing.failures import CheckFailed
from regkit.testing.subject import Subject
from regkit.testing.workbench import Run, fit, marks, reset, same, same_logs

__all__ = ["crash", "detach"]


@check()
def detach(subject: Subject) -> None:
    """After a fit nothing of the technique is on the model, and the next fit is a plain one."""
    standard = subject.standard
    fix = (
        "keep nothing on the model: declare state in initial_state, use context.with_weights for "
        "other values of variables, and undo in on_train_end what a host event did"
    )
    _require_plain(standard.marks, plain(standard.case).marks, "after the fit", fix)
    with subject.bench.lent() as model:
        subject.fit(model, subject.seeded(), epochs=1)
        reset(model, subject.bench.start)
        run = fit(model, standard.case)
    _require_plain_fit(run, plain(standard.case).run, "the fit after it", fix)


class _Crash(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        raise RuntimeError("a crash that the check makes")


@check()
def crash(subject: Subject) -> None:
    """After a fit that crashed the next one is plain, and leaves a plain model."""
    case = subject.standard.case
    fix = (
        "a crash tells callbacks nothing, so on_train_end does not come. Act in the stage methods, "
        "which the seam takes off again, and let no host event change the model for later"
    )
    with subject.bench.lent() as model:
        fit(model, case, epochs=1)
        before = marks(model)
        try:
            subject.fit(model, subject.seeded(), _Crash())
        except RuntimeError as error:
            if "the check makes" not in str(error):
                raise
        reset(model, subject.bench.start)
        run = fit(model, case)
        left = marks(model)
    _require_plain_fit(run, plain(case).run, "the fit after a crash", fix)
    _require_plain(left, before, "after a crash and another fit", fix)


def _require_plain(left: dict[str, Any], expected: dict[str, Any], when: str, fix: str) -> None:
    for name, value in expected.items():
        if left.get(name) == value:
            continue
        found = difference(left.get(name), value, name)
        if isinstance(value, list):
            more = [name for name in left.get(name, ()) if name not in value]
            gone = [name for name in value if name not in left.get(name, ())]
            found = f"there is more: {more}" if more else f"there lacks {gone}"
        raise CheckFailed(f"{name}: {when} as without the technique", found, fix)


def _require_plain_fit(run: Run, expected: Run, which: str, fix: str) -> None:
    if not same_logs(run, expected) or not same(run.weights, expected.weights):
        raise CheckFailed(
            f"{which}, without techniques, equals a fit of a model that never met one",
            f"logs {sorted(run.history)}"
            + ("" if same(run.weights, expected.weights) else "; the weights differ"),
            fix,
        )
