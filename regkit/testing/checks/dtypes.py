"""Dtype policies: in mixed precision a fit is about the same, and every type stays what it was."""

from __future__ import annotations

import keras

from regkit.core.technique import Technique
from regkit.testing.bench import bench
from regkit.testing.checking import check
from regkit.testing.checks.schedules import scheduled, with_schedule
from regkit.testing.failures import CheckFailed, attempted
from regkit.testing.spying import spied
from regkit.testing.subject import Subject
from regkit.testing.workbench import Run, same

__all__ = ["dtypes"]

ABOUT = 0.1
_FIX = (
    "take the type from what is changed, as in x + ops.cast(noise, x.dtype): random numbers and "
    "strengths are float32, what layers compute is float16 or bfloat16"
)


@check()
def dtypes(subject: Subject) -> None:
    """In mixed_float16 and mixed_bfloat16 a fit is finite, about as in float32, types unchanged."""
    _require_types(subject.standard.notes.recast, "float32")
    for policy in ("mixed_bfloat16", "mixed_float16"):
        _under(policy, subject)


def _under(policy: str, subject: Subject) -> None:
    technique, comparable = subject.seeded(), True
    if policy == "mixed_float16" and scheduled(subject):
        name = scheduled(subject)[0]
        technique, number = with_schedule(subject, name)
        comparable = number == getattr(subject.standard.technique, name)
    run, recast = _run(policy, subject, technique)
    if not run.finite:
        raise CheckFailed(
            f"losses and weights stay finite under {policy}",
            f"they do not: {run.history}",
            _FIX + ". float16 ends at 65504: sum squares in float32",
        )
    _require_types(recast, policy)
    if comparable and not same(run.epochs[0], subject.standard.run.epochs[0], ABOUT):
        raise CheckFailed(
            f"under {policy} a fit ends within {ABOUT} of one in float32",
            "the weights differ by more after an epoch",
            _FIX,
        )


def _run(policy: str, subject: Subject, technique: Technique) -> tuple[Run, list[str]]:
    keras.config.set_dtype_policy(policy)
    notes = spied(technique)
    trains = attempted(f"a fit with the technique trains under {policy}", _FIX)
    with bench(subject.standard.case).lent() as model, trains:
        run = subject.fit(model, technique)
    return run, notes.recast


def _require_types(recast: list[str], policy: str) -> None:
    if recast:
        raise CheckFailed(
            f"under {policy} a stage method gives back the structure and types that it was given",
            "; ".join(recast),
            _FIX,
        )
