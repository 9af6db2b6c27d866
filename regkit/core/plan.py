"""From a list of techniques to the step as it will run: names, order, contradictions."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from regkit.core.acts import Act
from regkit.core.annotations import agreed
from regkit.core.errors import AttachError, ConflictError
from regkit.core.method import Method
from regkit.core.stages import Phase, Stage

__all__ = ["Entry", "Plan", "Turn"]


@dataclass(frozen=True, eq=False)
class Entry:
    """A technique in a plan.

    Attributes:
        technique: The technique.
        word: Its name, `drop_connect`.
        occurrence: 0 for the first of that name in the list, then 1, 2, …
        label: Unique in the plan, `drop_connect`, `drop_connect_2`, …
        stages: Where it acts.
        acts: The methods by which it acts in the step.
    """

    technique: Method
    word: str
    occurrence: int
    label: str
    stages: tuple[Stage, ...]
    acts: tuple[Act, ...]

    @classmethod
    def of(cls, technique: Method, occurrence: int) -> Entry:
        """Return the entry of a technique, whose class has come so often before."""
        word = technique.word()
        label = word if occurrence == 0 else f"{word}_{occurrence + 1}"
        stages = technique.stages()
        acts = technique.acts(stages)
        return cls(technique, word, occurrence, label, stages, acts)


@dataclass(frozen=True, eq=False)
class Turn:
    """One method of an entry, at its place in the order.

    Attributes:
        entry: Whose method it is.
        act: Which, and its phase.
        technique: The entry's technique.
        run: The bound method.
    """

    entry: Entry
    act: Act
    technique: Method
    run: Callable[..., Any]

    @classmethod
    def of(cls, entry: Entry, act: Act) -> Turn:
        """Return the turn of one method."""
        return cls(entry, act, entry.technique, getattr(entry.technique, act.method))


class Plan:
    """The techniques of one fit, those that do nothing left out, ordered within each stage.

    The phases of a stage act one after the other, wherever the list has their techniques. Within
    a phase the list decides, unless what is done in it commutes: then the names do.

    Args:
        techniques: In the order of the user's list.

    Raises:
        ConflictError: where two techniques contradict each other.
    """

    def __init__(self, techniques: Iterable[Method]) -> None:
        self.given = list(techniques)
        _refuse_contradictions(self.given)
        self.neutral = [technique for technique in self.given if technique.is_neutral()]
        seen: Counter[str] = Counter()
        entries = []
        for technique in self.given:
            if technique not in self.neutral:
                entry = Entry.of(technique, seen[technique.word()])
                seen[entry.word] += 1
                entries.append(entry)
        self.entries = tuple(entries)
        self._turns = {stage: _ordered(self.entries, stage) for stage in Stage}

    def turns(self, stage: Stage) -> tuple[Turn, ...]:
        """Return the methods that run at a stage of the step, in their order."""
        return self._turns[stage]

    def at(self, stage: Stage) -> list[Entry]:
        """Return the entries that act at a stage, in the order in which they do."""
        if stage is Stage.WATCH:
            return [entry for entry in self.entries if stage in entry.stages]
        return list(dict.fromkeys(turn.entry for turn in self._turns[stage]))

    def inside(self) -> tuple[Entry, ...]:
        """Return the entries that act inside the step, not only on the host."""
        return tuple(entry for entry in self.entries if set(entry.stages) - {Stage.WATCH})

    def require_acting(self) -> None:
        """Refuse entries that act nowhere, or name a phase in which they have no method.

        Raises:
            AttachError: naming the class and what it lacks.
        """
        for entry in self.entries:
            _refuse_idle(entry)
            _refuse_empty_phase(entry.technique)
            _refuse_empty_stage(entry)

    def explain(self) -> str:
        """Return the step as it will run, a line for each technique in each phase."""
        lines = []
        for stage in Stage:
            lines += self._explained(stage)
            if stage is Stage.TARGET:
                lines.append(f"{'(loss)':<9} the model's own loss")
            if stage is Stage.GRADIENT:
                lines.append(f"{'(apply)':<9} the model's own optimizer")
        lines += [f"left out  does nothing at this value{'':<11} {t!r}" for t in self.neutral]
        return "\n".join(line.rstrip() for line in lines)

    def _explained(self, stage: Stage) -> list[str]:
        if stage is Stage.WATCH:
            rows = [(entry, "", "") for entry in self.at(stage)]
        else:
            turns = self._turns[stage]
            counts = Counter(turn.act.phase for turn in turns)
            rows = [(turn.entry, *_phase_words(turn.act.phase, counts)) for turn in turns]
        lines = []
        for place, (entry, phase, order) in enumerate(rows):
            head = f"{stage.name:<9} {stage.does:<38}" if place == 0 else " " * 48
            lines.append(f"{head} {phase:<12}{entry.label}: {entry.technique!r}{order}")
        return lines


def _phase_words(phase: Phase, counts: Counter[Phase]) -> tuple[str, str]:
    """Return the name of a phase, and what decides the order where several act in it."""
    listed = counts[phase] > 1 and not phase.commutes
    return phase.name.lower(), "  (in the order of the list)" if listed else ""


def _ordered(entries: Sequence[Entry], stage: Stage) -> tuple[Turn, ...]:
    """Return the turns of a stage, by phase; within one by name where it commutes."""
    turns = [Turn.of(m, act) for m in entries for act in m.acts if act.stage is stage]
    named = sorted(turns, key=lambda turn: (turn.entry.word, repr(turn.technique)))
    ordered: list[Turn] = []
    for phase in Phase:
        source = named if phase.commutes else turns
        ordered += [turn for turn in source if turn.act.phase is phase]
    return tuple(ordered)


def _refuse_contradictions(techniques: list[Method]) -> None:
    agreed(techniques)
    holders: dict[str, Method] = {}
    for place, technique in enumerate(techniques):
        if any(technique is other for other in techniques[:place]):
            raise ConflictError(
                f"{technique!r} is in the list twice, as one object; make a second one if its "
                "effect is meant twice"
            )
        word = technique.exclusive
        if word is None or technique.is_neutral():
            continue
        if word in holders:
            raise ConflictError(
                f"{holders[word]!r} and {technique!r} contradict each other: a recipe can hold one "
                f"{word} only. Leave one out"
            )
        holders[word] = technique


def _refuse_idle(entry: Entry) -> None:
    """Refuse a technique that acts nowhere, most likely for a misspelt method."""
    if entry.stages:
        return
    theirs = (
        base
        for base in type(entry.technique).__mro__
        if not base.__module__.startswith(("regkit.core.", "keras.", "builtins"))
    )
    own = sorted(name for base in theirs for name in vars(base))
    meant = [stage.name.lower() for stage in Stage if stage is not Stage.WATCH]
    pairs = [(name, difflib.get_close_matches(name, meant, 1)) for name in own if name[0] != "_"]
    near = next((f" (it has {name!r}; is {to[0]!r} meant?)" for name, to in pairs if to), "")
    raise AttachError(
        f"{entry.technique!r} acts nowhere: its class has no method of a stage, "
        f"{', '.join(meant)}, and no event of Keras, such as on_epoch_end{near}"
    )


def _refuse_empty_phase(technique: Method) -> None:
    """Refuse a class that names a phase and has no method for its stage."""
    cls = type(technique)
    there = {act.phase for act in cls._acts}
    for phase in cls.phases:
        if phase not in there:
            method = "geometry" if phase is Phase.GEOMETRY else phase.stage.name.lower()
            raise AttachError(
                f"{cls.__name__} names the phase {phase.name}, and has no method "
                f"{method}(self, …, context) that would act in it"
            )


def _refuse_empty_stage(entry: Entry) -> None:
    """Refuse a class whose `stages()` names a stage for which it has no method."""
    there = {act.stage for act in entry.acts} | {Stage.WATCH}
    for stage in entry.stages:
        if stage not in there:
            raise AttachError(
                f"{type(entry.technique).__name__}.stages() names {stage.name}, and the class has "
                f"no method {stage.name.lower()}(self, …, context)"
            )
