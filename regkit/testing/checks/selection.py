"""Selection: options that name layers, weights or outputs refuse what is not there."""

from __future__ import annotations

import keras

from regkit.core.errors import RegkitError
from regkit.core.options import Layers, Names
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped, said
from regkit.testing.subject import Subject
from regkit.testing.workbench import same, values

__all__ = ["selection"]

NOTHING = "no_such_name"


@check()
def selection(subject: Subject) -> None:
    """A name that matches nothing in the model is refused before the first step, by that name."""
    declared = subject.options.items()
    names = [name for name, kind in declared if isinstance(kind, Layers | Names)]
    if not names:
        raise CheckSkipped("no option names layers, weights or outputs")
    for name in names:
        _refused(subject, name)


def _refused(subject: Subject, name: str) -> None:
    with subject.bench.lent() as model:
        error = _error(subject, name, model)
        unchanged = same(values(model), subject.bench.start)
    fix = (
        "take layers and weights from regkit.core.select (hidden_layers, weights_matching), which "
        "refuse by themselves; for other names raise SelectionError or ConflictError in check()"
    )
    expected = f"{name}={NOTHING!r} raises a RegkitError that says so, before the first step"
    if error is None:
        raise CheckFailed(expected, "the fit ran as if nothing were wrong", fix)
    if not isinstance(error, RegkitError) or NOTHING not in str(error):
        raise CheckFailed(expected, said(error), fix) from error
    if not unchanged:
        raise CheckFailed(expected, "weights had changed by then", fix)


def _error(subject: Subject, name: str, model: keras.Model) -> Exception | None:
    try:
        subject.fit(model, subject.make(**{name: NOTHING}), epochs=1)
    except Exception as error:
        return error
    return None
