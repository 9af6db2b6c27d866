"""Importing plugins in a process of their own, with a time limit: what they do there is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regkit.core.errors import RegkitError
from regkit.core.host.apart import Apart
from regkit.core.registry import Entry
from regkit.core.registry.describing import Description, from_answer
from regkit.core.registry.entry import printable

__all__ = ["START_LIMIT", "Outcome", "probe"]

START_LIMIT = 300.0  # seconds for Keras and its backend, on a slow disk


@dataclass(frozen=True)
class Outcome:
    """How the import of an entry went.

    Attributes:
        seconds: How long it took, beside Keras; None where it did not end.
        error: What went wrong, or an empty string.
        place: `file:line` of the error, where it is known.
        printed: How many bytes it wrote to standard output.
        description: What the class says of itself, where that was asked for.
    """

    seconds: float | None = None
    error: str = ""
    place: str = ""
    printed: int = 0
    description: Description = field(default_factory=Description)


def probe(entries: Sequence[Entry], limit: float, describe: bool = False) -> list[Outcome]:
    """Return how the import of each entry goes, in their order.

    One process imports them all; where one ends it or takes longer than `limit` seconds, another
    process goes on with the next. With `describe` each class is asked for its options too.

    Raises:
        RegkitError: where Keras itself cannot be imported.
    """
    outcomes: list[Outcome] = []
    while len(outcomes) < len(entries):
        rest = entries[len(outcomes) :]
        job = {"entries": [(entry.id, entry.kind) for entry in rest], "describe": describe}
        with Apart("regkit.cli.probe_child", job) as child:
            outcomes += _outcomes(child, len(rest), limit)
    return outcomes


def _outcomes(child: Apart, count: int, limit: float) -> list[Outcome]:
    """Return the outcomes up to the first that ended the process, or of all."""
    outcomes: list[Outcome] = []
    ready = False
    while len(outcomes) < count:
        answer = child.answer(limit if ready else START_LIMIT)
        if answer is None and not ready:
            raise RegkitError(
                "Keras cannot be imported in a process of its own, so no plugin can: "
                'python -c "import keras" says why'
            )
        if answer is None:
            why = f"takes longer than {limit:g} s" if child.late else child.ended()
            return [*outcomes, Outcome(error=printable(f"importing it {why}", most=1000))]
        ready = ready or answer.get("ready") is True
        if answer.get("end") == len(outcomes):
            outcomes.append(_outcome(answer))
    return outcomes


def _outcome(answer: dict[str, Any]) -> Outcome:
    return Outcome(
        float(answer.get("seconds", 0.0)),
        printable(str(answer.get("error", "")), most=1000),
        printable(str(answer.get("place", ""))),
        int(answer.get("printed", 0)),
        from_answer(answer.get("description")),
    )
