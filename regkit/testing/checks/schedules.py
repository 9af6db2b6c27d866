"""Schedules: a strength that is a function of the step acts as the number does, and at zero not."""

from __future__ import annotations

from typing import Any

from keras.optimizers.schedules import PiecewiseConstantDecay

from regkit.core.options import Constraint
from regkit.testing.bench import plain
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped, attempted
from regkit.testing.subject import SEED, Subject
from regkit.testing.workbench import STEPS, Run, fit, same
from regkit.types import Tensor

__all__ = ["SOME", "schedule", "scheduled", "with_schedule"]

SOME = 0.25  # a strength, where the instance has none that is a number
TOLERANCE = 1e-5  # a compiled step may round a number otherwise than a tensor


@check()
def schedule(subject: Subject) -> None:
    """A strength by schedule equals the number; at zero it changes nothing and gives no NaN."""
    names = scheduled(subject)
    if not names:
        raise CheckSkipped("no option takes a schedule")
    for name in names:
        _passes_through_zero(subject, name)


def scheduled(subject: Subject) -> list[str]:
    """Return the options that take a schedule."""
    example = PiecewiseConstantDecay([1], [SOME, SOME])
    declared = subject.options.items()
    return [
        name for name, kind in declared if _takes(kind, example) and not _takes(kind, _any_function)
    ]


def _any_function(step: Tensor) -> None:
    """Be taken by options that mean other functions, such as one that chooses layers."""


def _takes(constraint: Constraint, value: object) -> bool:
    try:
        return constraint.check(value) is value
    except (TypeError, ValueError):
        return False


def with_schedule(subject: Subject, name: str) -> tuple[Any, float]:
    """Return an instance whose option is a number, then neutral, then that number, by epochs.

    The number, which is returned too, is the one that the instance has, or `SOME`.
    """
    now, neutral = getattr(subject.make(), name), subject.neutral.get(name)
    number = now if isinstance(now, float) and now != neutral else SOME
    between = number if neutral is None else float(neutral)
    by_step = PiecewiseConstantDecay([STEPS - 1, 2 * STEPS - 1], [number, between, number])
    changes = {name: by_step} | ({"seed": SEED} if "seed" in subject.options else {})
    return subject.make(**changes), number


def _passes_through_zero(subject: Subject, name: str) -> None:
    technique, number = with_schedule(subject, name)
    with attempted(
        f"a fit with {name} as a schedule trains",
        f"read it by context.value(self.{name}), which gives the number or a scalar tensor, and "
        "let no Python `if` or float() ask for its value",
    ):
        run = subject.trained(technique)
    if not run.finite:
        raise CheckFailed(
            f"losses and weights stay finite where the schedule of {name} passes through 0",
            f"they do not: {run.history}",
            "guard divisions and roots: ops.sqrt has an infinite gradient at 0, also in the branch "
            "of ops.where that is not taken",
        )
    _equals_number(subject, name, number, run)
    if name in subject.neutral:
        _zero_is_nothing(subject, name, run)


def _equals_number(subject: Subject, name: str, number: float, run: Run) -> None:
    reference = subject.standard.run
    if getattr(subject.standard.technique, name) != number:
        seed = {"seed": SEED} if "seed" in subject.options else {}
        reference = subject.trained(subject.make(**{name: number}, **seed), epochs=1)
    if not same(run.epochs[0], reference.epochs[0], TOLERANCE):
        raise CheckFailed(
            f"where the schedule of {name} is {number:g}, a fit equals one with {name}={number:g}",
            "the weights after the first epoch differ",
            f"use context.value(self.{name}) wherever the stage methods use the option",
        )


def _zero_is_nothing(subject: Subject, name: str, run: Run) -> None:
    case = subject.standard.case
    with plain(case).bench.lent(run.epochs[0], iteration=STEPS) as model:
        reference = fit(model, case, epochs=1)
    if not same(run.epochs[1], reference.weights, TOLERANCE):
        raise CheckFailed(
            f"where the schedule of {name} is {subject.neutral[name]}, the step is a plain one",
            "the weights differ after an epoch",
            f"multiply by context.value(self.{name}) what the technique adds; an option whose 0 "
            "has a meaning of its own declares no neutral value: Real(0, schedule=True)",
        )
