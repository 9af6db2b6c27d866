"""What the outcomes of Keras' tests with and without a technique mean. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PLAIN", "Judgement", "Outcome", "Refused", "doubtful", "judge"]

PLAIN = "plain"  # the run without a technique


@dataclass(frozen=True)
class Outcome:
    """What became of one test.

    Attributes:
        result: "passed", "failed" or "skipped".
        error: The message of a failure, on one line.
        seconds: How long it took.
        fits: How many fits the technique was in.
        reached: The stages at which it was called.
        refusals: What regkit refused in these fits.
    """

    result: str = "passed"
    error: str = ""
    seconds: float = 0.0
    fits: int = 0
    reached: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def of_fits(self) -> dict[str, Any]:
        """Return what is known of the fits."""
        return {"fits": self.fits, "reached": self.reached, "refusals": self.refusals}

    @property
    def differs(self) -> bool:
        """Whether it may be other than without the technique."""
        return self.result == "failed" or bool(self.refusals)


@dataclass(frozen=True)
class Refused:
    """A test of Keras' in which regkit refuses, as it should.

    Attributes:
        test: File below `keras/src`, class and name, as pytest writes them.
        message: A part of the refusal.
        reason: Why it is right to refuse.
        backends, techniques: Where it does.
    """

    test: str
    message: str
    reason: str
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")
    techniques: tuple[str, ...] = ("inert", "inert_target")


@dataclass
class Judgement:
    """The tests by what they say; each with its message in `differing` and `stale`."""

    same: list[str] = field(default_factory=list)
    failing_without: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    differing: dict[str, str] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)  # of the list of refusals

    @property
    def good(self) -> bool:
        """Whether nothing speaks against regkit or the list."""
        return not self.differing and not self.stale


def doubtful(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return the tests that have to run without the technique too."""
    return [test for test, outcome in outcomes.items() if outcome.result == "failed"]


def judge(
    outcomes: Mapping[str, Outcome], plain: Mapping[str, Outcome], listed: Iterable[Refused]
) -> Judgement:
    """Compare, test by test.

    Args:
        outcomes: Of the run with the technique.
        plain: Of the run without it: the `doubtful` ones at least.
        listed: The refusals of this backend and technique.
    """
    found = Judgement()
    waiting = {one.test: one for one in listed}
    for test, outcome in outcomes.items():
        entry = waiting.pop(test, None)
        if entry is not None:
            _hold_against(entry, outcome, found)
        elif not outcome.differs:
            found.same.append(test)
        elif outcome.result != "failed":
            found.differing[test] = f"passes by a refusal that is not listed: {outcome.refusals[0]}"
        elif test in plain and plain[test].result == "failed":
            found.failing_without.append(test)
        else:
            found.differing[test] = outcome.error
    found.stale |= dict.fromkeys(waiting, "there is no such test")
    return found


def _hold_against(entry: Refused, outcome: Outcome, found: Judgement) -> None:
    if any(entry.message in one for one in outcome.refusals):
        found.refused.append(entry.test)
    elif outcome.differs:
        what = outcome.refusals[0] if outcome.refusals else outcome.error
        found.differing[entry.test] = f"not refused by {entry.message!r}, but: {what}"
    else:
        found.stale[entry.test] = f"{outcome.result}, and nothing was refused"
