"""Where a technique acts, read off its class when the class is defined.

A method with the name of a stage acts there, and its last parameter is `context`. A method of such
a name with other parameters is refused at once, with the ways out: to give it the parameters, to
call it otherwise, or to say by `phases`, in the same class, at which stages the class acts; what is
named like another stage is then a helper.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from regkit.core.stages import Phase, Stage

__all__ = ["Act", "acts_of", "phases_of"]

# Method → its stage, and its parameters between `self` and `context`.
_METHODS: dict[str, tuple[Stage, tuple[str, ...]]] = {
    "geometry": (Stage.DATA, ("images",)),
    "data": (Stage.DATA, ("batch",)),
    "forward": (Stage.FORWARD, ("call", "inputs")),
    "target": (Stage.TARGET, ("target",)),
    "penalty": (Stage.PENALTY, ()),
    "gradient": (Stage.GRADIENT, ("gradients",)),
    "update": (Stage.UPDATE, ("weights",)),
}


@dataclass(frozen=True)
class Act:
    """One method of a technique, with the place in the step at which it runs."""

    method: str
    phase: Phase

    @property
    def stage(self) -> Stage:
        """The stage of its phase."""
        return self.phase.stage


def acts_of(cls: type, phases: Iterable[Phase]) -> tuple[Act, ...]:
    """Return what a class does in the step, in the order of the stages.

    Args:
        cls: The class of a technique.
        phases: Those that it acts in, as `phases_of` gives them.

    Raises:
        TypeError: for a method with the name of a stage and other parameters.
    """
    named = {phase.stage: phase for phase in phases}
    acts = []
    for method, (stage, given) in _METHODS.items():
        function = getattr(cls, method, None)
        if not callable(function) or _is_helper(cls, method):
            continue
        if not _takes(function, given, stage in named):
            raise TypeError(_refusal(cls, method, function, given))
        phase = Phase.GEOMETRY if method == "geometry" else named.get(stage, Phase.usual(stage))
        acts.append(Act(method, phase))
    return tuple(acts)


def _is_helper(cls: type, method: str) -> bool:
    """Return whether a method is none of a stage, although it has the name of one.

    That is a static or class method without `context`, and one with other parameters in a class
    that itself names its phases, none of them of that stage.
    """
    owner = next(base for base in cls.__mro__ if method in vars(base))
    value = vars(owner)[method]
    if isinstance(value, staticmethod | classmethod):
        return "context" not in inspect.signature(value.__func__).parameters
    stage, given = _METHODS[method]
    own = vars(owner).get("phases", ())
    elsewhere = bool(own) and all(phase.stage is not stage for phase in own)
    return elsewhere and not _takes(value, given, False)


def _takes(function: Callable[..., object], given: tuple[str, ...], declared: bool) -> bool:
    """Return whether a function is a method that takes so many values and the context.

    Where the stage is declared it may be a wrapper that hands all on, `(*args, **kwargs)`.
    """
    parameters = list(inspect.signature(function).parameters.values())
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return declared
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    last = places[-1].name.lstrip("_") if places else ""
    return len(places) == len(given) + 2 and last == "context" and not keywords


def _refusal(
    cls: type, method: str, function: Callable[..., object], given: tuple[str, ...]
) -> str:
    wanted = ", ".join(["self", *given, "context"])
    has = str(inspect.signature(function))
    stage = _METHODS[method][0].name
    return (
        f"{cls.__qualname__}.{method}{has} is named like the method of stage {stage}, "
        f"{method}({wanted}). Give it these parameters; or, if it is a helper, call it _{method}, "
        "or name the phases in which the class acts, as in phases = (Phase.SUM,)"
    )


def phases_of(cls: type) -> tuple[Phase, ...]:
    """Return the phases that a class and its bases name, the nearest for each stage.

    Raises:
        TypeError: for what is no tuple of phases, or two of one stage in one class.
    """
    nearest: dict[Stage, Phase] = {}
    for base in cls.__mro__:
        for phase in _own_phases(base):
            nearest.setdefault(phase.stage, phase)
    return tuple(nearest.values())


def _own_phases(cls: type) -> tuple[Phase, ...]:
    phases = vars(cls).get("phases", ())
    if not isinstance(phases, tuple) or not all(isinstance(phase, Phase) for phase in phases):
        raise TypeError(
            f"{cls.__qualname__}.phases must be a tuple of regkit.core.stages.Phase, as in "
            f"phases = (Phase.NOISE,); it is {phases!r}"
        )
    stages = [phase.stage for phase in phases]
    for stage in Stage:
        if stages.count(stage) > 1:
            twice = ", ".join(phase.name for phase in phases if phase.stage is stage)
            raise TypeError(
                f"{cls.__qualname__}.phases names {twice}, all of {stage.name}; a class acts in "
                "one phase of each stage. Make two techniques of it"
            )
    return phases
