"""Composition: beside a technique of each stage, at any place of the list.

The fits run eagerly. What others made comes as tensors either way, and that the technique's methods
can be traced is looked at in its fit alone; the order of the list acts before anything is compiled.
"""

from __future__ import annotations

from typing import Any

from regkit.core.stages import Stage
from regkit.testing.bench import bench
from regkit.testing.checking import check
from regkit.testing.companions import companions
from regkit.testing.failures import CheckFailed, attempted
from regkit.testing.subject import Subject
from regkit.testing.workbench import Run, fit, same

__all__ = ["composition"]

EPOCHS = 2  # so that each technique also acts after one has ended


@check()
def composition(subject: Subject) -> None:
    """Beside one technique of each stage a fit is finite, the same in either order of the list."""
    last, others = _run(subject, place=-1)
    first, _ = _run(subject, place=0)
    if not (first.finite and last.finite):
        raise CheckFailed(
            "losses and weights stay finite beside one technique of each stage",
            f"they do not: {first.history}",
            "expect at each stage what other techniques made: moved inputs, soft targets, other "
            "gradients",
        )
    idle = [
        f"{stage.name} ({', '.join(technique.waiting)})"
        for stage, technique in others.items()
        if technique.waiting
    ]
    if idle:
        raise CheckFailed(
            "the techniques beside it act as they do without it",
            f"there are never called those at {', '.join(idle)}",
            "at FORWARD compute the layer's output by the `call` that the method receives, which "
            "runs the techniques within; never by the layer or its class",
        )
    if not same(first.weights, last.weights):
        raise CheckFailed(
            "the place in the list decides nothing among techniques of different stages or phases",
            "first in the list the weights end as others than last in it",
            "keep apart from the other techniques: no shared or global variables, nothing on the "
            "model, and `phases` for what must come before or after others of its stage",
        )


def _run(subject: Subject, place: int) -> tuple[Run, dict[Stage, Any]]:
    technique = subject.seeded()
    others = companions(technique)
    beside = list(others.values())
    recipe = [technique, *beside] if place == 0 else [*beside[::-1], technique]
    case = subject.standard.case
    trains = attempted(
        f"a fit with {technique!r} and one technique of each stage trains",
        "expect at each stage what other techniques made, and give back what the next one takes",
    )
    with bench(case, eager=True).lent() as model, trains:
        watches = Stage.WATCH in technique.stages()
        return fit(model, case, recipe, validated=watches, epochs=EPOCHS), others
