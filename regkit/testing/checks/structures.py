"""Structures of inputs: what `fit` takes trains, or is refused before the first step."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import keras

from regkit.core.errors import RegkitError
from regkit.testing.bench import bench
from regkit.testing.cases import IMAGES, STRUCTURES, Case
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, said
from regkit.testing.spying import spied
from regkit.testing.subject import Subject
from regkit.testing.workbench import same, values

__all__ = ["structures"]

_FIX = (
    "map over nests by keras.tree.map_structure; ask ops.shape(x)[0] for the number of examples "
    "and len(x.shape) for the rank; leave whole numbers and None as they are. What cannot be taken "
    "raise regkit.core.errors.AttachError for, which names the technique and what to do"
)


@check()
def structures(subject: Subject) -> None:
    """Dicts, lists, other ranks and types train too, or are refused by a RegkitError in time."""
    for case in (*STRUCTURES, IMAGES):
        if case.name != subject.standard.case.name:
            _takes_or_refuses(subject, case)


def _takes_or_refuses(subject: Subject, case: Case) -> None:
    technique = subject.seeded()
    notes = spied(technique)
    with _model(case) as model:
        before = values(model)
        try:
            run = subject.fit(model, technique, case=case, epochs=1)
        except RegkitError as refusal:
            _in_time(case, refusal, not before or same(values(model), before))
            return
        except Exception as error:
            raise CheckFailed(
                f"a fit on {case.name} trains, or raises a RegkitError", said(error), _FIX
            ) from error
    if not run.finite:
        raise CheckFailed(f"a fit on {case.name} stays finite", f"{run.history}", _FIX)
    if notes.recast:
        raise CheckFailed(
            f"a fit on {case.name} keeps the structure and types of what the methods are given",
            "; ".join(notes.recast),
            _FIX,
        )


def _model(case: Case) -> AbstractContextManager[keras.Model]:
    """Return a context that gives a model, a new one where the case is of one not built."""
    return bench(case).lent() if case.built else nullcontext(case.compiled())


def _in_time(case: Case, refusal: RegkitError, unchanged: bool) -> None:
    if not unchanged:
        raise CheckFailed(
            f"what is refused on {case.name} is refused before the first step",
            f"the weights had changed by then: {refusal}",
            "raise in check(self, model), or in a stage method that the first step calls",
        )
