"""Zero strength: at its neutral value a technique is not there."""

from __future__ import annotations

import functools

from regkit.core.technique import Technique
from regkit.testing.bench import plain
from regkit.testing.cases import Case
from regkit.testing.checking import check
from regkit.testing.companions import companions
from regkit.testing.failures import CheckFailed
from regkit.testing.subject import Subject
from regkit.testing.workbench import Run, fit, same, same_logs

__all__ = ["zero_strength"]

SAYS_SO = "no neutral value"


@check()
def zero_strength(subject: Subject) -> None:
    """At a neutral value a fit is, bit for bit, one without it; one that has none says so."""
    if not subject.neutral:
        _says_so(subject)
    for option, value in subject.neutral.items():
        technique = subject.make(**{option: value})
        if not technique.is_neutral():
            raise CheckFailed(
                f"is_neutral() of {technique!r} is True",
                "it is False",
                f"leave is_neutral to Technique: it looks at {option} and its neutral value",
            )
        _alone(subject, technique)
        _beside(subject, subject.make(**{option: value}))


def _says_so(subject: Subject) -> None:
    document = " ".join((subject.cls.__doc__ or "").split())
    if SAYS_SO not in document:
        raise CheckFailed(
            f"an option at which {subject.name} does nothing, or the words {SAYS_SO!r} in the "
            "docstring",
            "no option declares a neutral value, and the docstring does not say so",
            "annotate the strength with Strength or Rate of regkit.core.options, or with "
            f"Real(…, neutral=0); or write into the docstring why there is {SAYS_SO}",
        )
    if subject.make().is_neutral():
        raise CheckFailed(
            f"is_neutral() of {subject.make()!r} is False: no option declares a neutral value",
            "it is True",
            "declare it, as in Real(0, neutral=0), and leave is_neutral to Technique",
        )


def _alone(subject: Subject, technique: Technique) -> None:
    case = subject.standard.case
    with plain(case).bench.lent() as model:
        run = subject.fit(model, technique)
    if not _equal(run, plain(case).run):
        raise _failed(technique, "without it")


def _beside(subject: Subject, technique: Technique) -> None:
    case = subject.standard.case
    others = list(companions().values())
    with plain(case).bench.lent() as model:
        run = fit(model, case, [technique, *others], epochs=1)
    if not _equal(run, _companions_alone(case)):
        raise _failed(technique, "of the techniques beside it alone")


@functools.cache
def _companions_alone(case: Case) -> Run:
    with plain(case).bench.lent() as model:
        return fit(model, case, list(companions().values()), epochs=1)


def _equal(run: Run, other: Run) -> bool:
    return same_logs(run, other) and same(run.weights, other.weights)


def _failed(technique: Technique, as_what: str) -> CheckFailed:
    return CheckFailed(
        f"a fit with {technique!r} equals one {as_what}, bit for bit",
        "logs or weights differ",
        "the step leaves it out by itself; let its host events (on_epoch_end, …) do nothing "
        "either where self.is_neutral()",
    )
