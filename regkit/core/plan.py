"""From a list of techniques to the step as it will run: names, order, contradictions."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from regkit.core.errors import AttachError, ConflictError
from regkit.core.stages import Stage
from regkit.core.technique import Technique

__all__ = ["Member", "Plan"]


@dataclass(frozen=True)
class Member:
    """A technique in a plan.

    Attributes:
        technique: The callback.
        word: Its name, `drop_connect`.
        occurrence: 0 for the first of that name in the list, then 1, 2, …
        label: Unique in the plan, `drop_connect`, `drop_connect_2`, …
    """

    technique: Technique
    word: str
    occurrence: int

    @property
    def label(self) -> str:
        """The name, numbered from the second of its kind."""
        return self.word if self.occurrence == 0 else f"{self.word}_{self.occurrence + 1}"


class Plan:
    """The techniques of one fit, those that do nothing left out, ordered within each stage.

    The place of a technique in the list decides only among techniques of one stage and rank, and
    never among penalties: these are summed in the order of their names.

    Args:
        techniques: In the order of the user's list.

    Raises:
        ConflictError: where two techniques contradict each other.
    """

    def __init__(self, techniques: Iterable[Technique]) -> None:
        self.given = list(techniques)
        _refuse_contradictions(self.given)
        self.neutral = [one for one in self.given if one.is_neutral()]
        seen: Counter[str] = Counter()
        members = []
        for technique in self.given:
            if technique not in self.neutral:
                word = technique.word()
                members.append(Member(technique, word, seen[word]))
                seen[word] += 1
        self.members = tuple(members)

    def at(self, stage: Stage) -> list[Member]:
        """Return the members that act at a stage, in the order in which they do."""
        acting = [member for member in self.members if stage in member.technique.stages()]
        if stage is Stage.PENALTY:  # a sum must not depend on the order of the list, bit for bit
            acting.sort(key=lambda member: (member.word, repr(member.technique)))
        return sorted(acting, key=lambda member: member.technique.rank)

    def inside(self) -> tuple[Member, ...]:
        """Return the members that act inside the step, not only on the host."""
        return tuple(
            member
            for member in self.members
            if any(stage is not Stage.WATCH for stage in member.technique.stages())
        )

    def require_acting(self) -> None:
        """Refuse members that act nowhere.

        Raises:
            AttachError: for a technique whose class has no method that anybody calls.
        """
        for member in self.members:
            _refuse_idle(member.technique)

    def explain(self) -> str:
        """Return the step as it will run, a line for each technique at each stage."""
        lines = []
        for stage in Stage:
            acting = self.at(stage)
            for place, member in enumerate(acting):
                head = f"{stage.name:<9} {stage.does:<38}" if place == 0 else " " * 48
                lines.append(f"{head} {member.label}: {member.technique!r}")
            if stage is Stage.TARGET:
                lines.append(f"{'(loss)':<9} the model's own loss")
            if stage is Stage.GRADIENT:
                lines.append(f"{'(apply)':<9} the model's own optimizer")
        lines += [f"left out  does nothing at this value{'':<11} {one!r}" for one in self.neutral]
        return "\n".join(line.rstrip() for line in lines)


def _refuse_contradictions(techniques: list[Technique]) -> None:
    bearers: dict[str, Technique] = {}
    for place, technique in enumerate(techniques):
        if any(technique is other for other in techniques[:place]):
            raise ConflictError(
                f"{technique!r} is in the list twice, as one object; make a second one if its "
                "effect is meant twice"
            )
        word = technique.exclusive
        if word is None or technique.is_neutral():
            continue
        if word in bearers:
            raise ConflictError(
                f"{bearers[word]!r} and {technique!r} contradict each other: a recipe can hold one "
                f"{word} only. Leave one out"
            )
        bearers[word] = technique


def _refuse_idle(technique: Technique) -> None:
    """Refuse a technique that acts nowhere, most likely for a misspelt method."""
    if technique.stages():
        return
    theirs = set(type(technique).__mro__) - set(Technique.__mro__)
    own = sorted(name for base in theirs for name in vars(base))
    meant = [stage.name.lower() for stage in Stage if stage is not Stage.WATCH]
    pairs = [(name, difflib.get_close_matches(name, meant, 1)) for name in own if name[0] != "_"]
    near = next((f" (it has {name!r}; is {one[0]!r} meant?)" for name, one in pairs if one), "")
    raise AttachError(
        f"{technique!r} acts nowhere: its class has no method of a stage, {', '.join(meant)}, and "
        f"no event of Keras, such as on_epoch_end{near}"
    )
