"""Training only: evaluation, validation, inference and metrics see no technique."""

from __future__ import annotations

import numpy as np

from regkit.testing.bench import plain
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped
from regkit.testing.subject import Subject
from regkit.testing.workbench import same, seen_at_inference, targets_seen

__all__ = ["metrics", "validation"]

TOLERANCE = 1e-5


@check()
def validation(subject: Subject) -> None:
    """Validation, evaluate and inference inside a fit see the model without the technique."""
    standard = subject.standard
    data = standard.case.data()
    for epoch, (weights, inside) in enumerate(
        zip(standard.run.epochs, standard.run.inside, strict=True)
    ):
        if not same(standard.run.validated[epoch], weights):
            raise _failed("validation", "other weights after it than before")
        with plain(standard.case).bench.lent(weights) as model:
            logs, outputs = seen_at_inference(model, data)
        validated = {name: standard.run.history[f"val_{name}"][epoch] for name in logs}
        _equal("validation", validated, logs)
        _equal("evaluate, called inside the fit,", inside[0], logs)
        if not np.allclose(inside[1], outputs, atol=TOLERANCE):
            raise _failed("inference inside the fit", "other outputs than the model has without it")


def _equal(what: str, found: dict[str, float], expected: dict[str, float]) -> None:
    if any(abs(found[name] - value) > TOLERANCE for name, value in expected.items()):
        raise _failed(what, f"{found}, where the model without the technique has {expected}")


def _failed(what: str, found: str) -> CheckFailed:
    return CheckFailed(
        f"{what} sees the model without the technique",
        found,
        "act in the stage methods only, which run inside the training step: no host event "
        "(on_train_begin, on_test_begin, …) may change layers, losses or weights for good",
    )


@check()
def metrics(subject: Subject) -> None:
    """The metrics of training see the targets as they were given."""
    standard, name = subject.standard, targets_seen.__name__
    if not standard.notes.called:
        raise CheckSkipped("it does not act inside the step")
    expected = plain(standard.case).run.history[name][: len(standard.run.history[name])]
    if not np.allclose(standard.run.history[name], expected, rtol=1e-5):
        raise CheckFailed(
            "a metric of the targets is what it is without the technique",
            f"it is {standard.run.history[name]}, and without it {expected}",
            "leave batch.y at DATA as it is, and change targets in the method `target`: the "
            "metrics do not see what happens there; `context.memo` carries from one to the other",
        )
