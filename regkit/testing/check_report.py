"""Results of checks, and a report of them to read."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

__all__ = ["OUTCOMES", "Report", "Result"]

OUTCOMES = ("passed", "failed", "error", "skipped")


@dataclass(frozen=True)
class Result:
    """How a check went on a subject.

    Attributes:
        check: The name of the check.
        subject: The id of what was checked, with its options where there are several of it.
        backend: The Keras backend.
        outcome: "passed"; "failed"; "error", where the check could not come to its end; "skipped",
            where there was nothing to look at.
        message: What was expected, what was found, and how to fix it; why it was skipped.
        seconds: How long it took.

    Example:
        >>> Result("seed", "my-plugin:speckle", "jax", "passed", seconds=0.5).outcome
        'passed'
    """

    check: str
    subject: str
    backend: str
    outcome: str
    message: str = ""
    seconds: float = 0.0


class Report(Sequence[Result]):
    """The results of a run of the checks; printed, a table and what to fix.

    Args:
        results: In the order in which they came.

    Example:
        >>> report = Report([Result("seed", "my-plugin:speckle", "jax", "passed", seconds=0.5)])
        >>> report.ok
        True
        >>> print(report)
        subject            backend  passed  failed  error  skipped
        my-plugin:speckle  jax           1       0      0        0
    """

    def __init__(self, results: Iterable[Result]) -> None:
        self._results = tuple(results)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Result]: ...
    def __getitem__(self, index: int | slice) -> Result | Sequence[Result]:
        return self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    @property
    def failed(self) -> list[Result]:
        """The results that are not as they should be: failed ones, and errors."""
        return [result for result in self if result.outcome in ("failed", "error")]

    @property
    def ok(self) -> bool:
        """Whether there are results, and none of them failed."""
        return bool(self) and not self.failed

    def __str__(self) -> str:
        parts = [_table(self)] + [_in_full(result) for result in self.failed]
        return "\n\n".join([*parts, *filter(None, [_skipped(self)])])

    def __repr__(self) -> str:
        return f"Report({len(self)} results, {len(self.failed)} failed)"


def _table(report: Report) -> str:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for result in report:
        counts.setdefault((result.subject, result.backend), Counter())[result.outcome] += 1
    width = max([len(subject) for subject, _ in counts] + [len("subject")])
    side = max([len(backend) for _, backend in counts] + [len("backend")])
    lines = [f"{'subject':<{width}}  {'backend':<{side}}  {'  '.join(OUTCOMES)}"]
    for (subject, backend), count in counts.items():
        cells = "  ".join(f"{count[outcome]:>{len(outcome)}}" for outcome in OUTCOMES)
        lines.append(f"{subject:<{width}}  {backend:<{side}}  {cells}")
    return "\n".join(lines)


def _in_full(result: Result) -> str:
    head = f"{result.outcome.upper()}  {result.check}: {result.subject} on {result.backend}"
    return head + "\n" + textwrap.indent(result.message, "    ")


def _skipped(report: Report) -> str:
    """Return a line for each reason, with the checks that it kept from looking."""
    reasons: dict[str, Counter[str]] = {}
    for result in report:
        if result.outcome == "skipped":
            reasons.setdefault(result.message, Counter())[result.check] += 1
    return "\n".join(
        f"skipped  {checks.total()}×, {reason} ({', '.join(checks)})"
        for reason, checks in reasons.items()
    )
