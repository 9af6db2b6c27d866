"""Effect: a technique trains a model, and does something."""

from __future__ import annotations

from regkit.core.stages import Stage
from regkit.testing.bench import plain
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed
from regkit.testing.subject import CannotTrain, Standard, Subject
from regkit.testing.workbench import same

__all__ = ["LEAST", "effect"]

LEAST = 1e-5  # of a weight; below it an effect is lost in what the other checks allow for rounding


@check()
def effect(subject: Subject) -> None:
    """A small model trains with it to finite numbers, and its weights change, or its state."""
    try:
        standard = subject.standard
    except CannotTrain as error:
        raise CheckFailed(
            "a fit with the technique trains one of the kit's models",
            error.details,
            "correct what the errors name. Where the technique needs options for such models, "
            "return instances with them from a classmethod checked_as",
        ) from error
    if not standard.run.finite:
        raise CheckFailed(
            "losses and weights stay finite",
            f"after {len(standard.run.epochs)} epochs on {standard.case.name}: "
            f"{standard.run.history}",
            "look for a division by zero, a root or a logarithm at zero, or a strength too large "
            "for a model of some hundred weights; checked_as can return weaker instances",
        )
    if not _acts(standard):
        raise CheckFailed(
            f"{standard.technique!r} changes weights by {LEAST:g} at least, or declares state",
            f"a fit on {standard.case.name} is as without it",
            "see that each stage method returns what it changed. Where the defaults are too weak "
            "for 9 steps on a small model, return stronger instances from a classmethod "
            "checked_as, as [cls(0.02)]",
        )


def _acts(standard: Standard) -> bool:
    """Return whether the fit differs; one that looks on may do so from the host, or with state."""
    if standard.technique.stages() == (Stage.WATCH,) or any(standard.states):
        return True
    return not same(standard.run.weights, plain(standard.case).run.weights, LEAST)
