"""Every built-in technique, as its class makes it for the conformance checks, for several at once."""

import functools

from regkit.core.stages import Stage
from regkit.testing.checks import schedules
from regkit.testing.collecting import subjects

SUBJECTS = [one for one in subjects("keras-regkit") if one.kind == "technique"]


def made(subject, **changes):
    """A new one that means the layer "hidden", since a subclassed model does not say which are."""
    if "layers" in subject.options and Stage.FORWARD in subject.make().stages():
        changes = {"layers": "hidden", **changes}
    return subject.make(**changes)


ALL = {one.label: functools.partial(made, one) for one in SUBJECTS}
# One that ends training or returns to earlier weights would hide what others beside it do.
LOOKING_ON = {
    name: make
    for name, make in ALL.items()
    if getattr(make(), "restore_best_weights", None) is False
}
EFFECTIVE = {name: make for name, make in ALL.items() if name not in LOOKING_ON}
BESIDE_OTHERS = {
    name: make for name, make in ALL.items() if not getattr(make(), "restore_best_weights", False)
}


def scheduled(schedule):
    """Every built-in with a strength that may be a schedule, at that one or at a number."""
    return {
        one.label: made(one, **{name: schedule})
        for one in SUBJECTS
        for name in [strength_of(one)]
        if name is not None
    }


def strength_of(subject):
    """The first option with a neutral value of 0 that may be a schedule, by name; or None."""
    may = set(schedules.scheduled(subject))
    return next((name for name, zero in subject.neutral.items() if zero == 0 and name in may), None)


def all_together():
    """One recipe with a technique of every phase in which built-ins act, and those that look on.

    Not every technique: a step with all of them compiles for as long as there are techniques.
    """
    chosen = {}
    for name, make in BESIDE_OTHERS.items():
        technique = make()
        phases = tuple(act.phase for act in technique.acts())
        chosen.setdefault((phases, technique.stages()), name)
    return [BESIDE_OTHERS[name]() for name in chosen.values()]


def everything():
    """One recipe of all techniques that stand beside each other."""
    return [make() for make in BESIDE_OTHERS.values()]
