"""Every built-in technique, as its class makes it for the conformance checks, for several at once."""

import functools

from regkit.core.stages import Stage
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
    """Every built-in that has a strength, at one strength: a schedule, or a number."""
    with_strength = [one for one in SUBJECTS if one.neutral]
    return {one.label: made(one, **{next(iter(one.neutral)): schedule}) for one in with_strength}


NEUTRAL = {name: lambda name=name: scheduled(0.0)[name] for name in scheduled(0.0)}


def all_together():
    """One recipe that acts at every stage."""
    return [make() for make in BESIDE_OTHERS.values()]
