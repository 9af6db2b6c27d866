"""A comparison beside an earlier one: is any arm worse now? For a check in continuous testing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from regkit.comparison.record.results import Record, read
from regkit.comparison.report import Comparison
from regkit.comparison.statistics import paired_differences
from regkit.comparison.statistics.analysis import ALPHA, differences_by_split, overlap
from regkit.comparison.statistics.measures import Measure, deciding
from regkit.comparison.words.console import standard_output
from regkit.core.errors import RegkitError

__all__ = ["Against", "Change", "changes"]

SAME = ("measure", "epochs", "label_noise", "test_size", "validation_size", "train_size", "seed")


class Change(NamedTuple):
    """How an arm's results by a measure differ from the earlier ones: now minus before."""

    arm: str
    measure: Measure
    difference: paired_differences.Difference
    verdict: str


def changes(now: Record, before: Record) -> list[Change]:
    """Return, for each arm in both records and each deciding measure, what has changed.

    The fits of equal split and seed are pairs, as they have the same examples; Holm's correction
    runs over all changes.

    Raises:
        RegkitError: where the two are of other data or settings, or share no arm.
    """
    _comparable(now, before)
    tests = [
        (arm, measure, paired_differences.difference(values, overlap(now)))
        for arm in now.arms
        for measure in deciding(now)
        if (values := _pairs(now, before, arm, measure))
    ]
    if not tests:
        raise RegkitError("no arm has fits in both results, so there is nothing to compare")
    different = paired_differences.holm([d.p for _, _, d in tests])
    same = paired_differences.holm(
        [paired_differences.equivalence_p(d, m.margin) for _, m, d in tests]
    )
    return [
        Change(arm, m, d, paired_differences.verdict(m.sign * d.mean, p, p_same, ALPHA))
        for (arm, m, d), p, p_same in zip(tests, different, same, strict=True)
    ]


def _comparable(now: Record, before: Record) -> None:
    differs = [
        f"{name} was {before.settings.get(name)}, is {now.settings.get(name)}"
        for name in SAME
        if before.settings.get(name) != now.settings.get(name)
    ]
    if before.data["sha256"] != now.data["sha256"]:
        differs.insert(0, f"the data was {before.data['name']} ({before.data['sha256'][:8]})")
    if differs:
        raise RegkitError(
            f"the earlier results cannot be compared with: {'; '.join(differs)}. They must be of "
            "the same data, splits and seeds"
        )


def _pairs(now: Record, before: Record, arm: str, measure: Measure) -> list[float]:
    """Return now minus before, one value a split, averaged over its seeds."""
    by_split = differences_by_split(now.of(arm), before.of(arm), measure)
    return [sum(values) / len(values) for values in by_split.values()]


class Against:
    """Earlier results, read before anything is trained.

    Args:
        path: A `results.json`, or a folder in which there are some, at any depth.

    Raises:
        RegkitError: where there is no such file, or one cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        paths = sorted(path.rglob("results.json")) if path.is_dir() else [path]
        if not paths:
            raise RegkitError(f"no results.json in {str(path)!r} to compare with")
        self.before = {record.data["sha256"]: record for record in map(read, paths)}

    def show(self, comparisons: Iterable[Comparison], console: Console | None = None) -> bool:
        """Print what has changed; return whether an arm is worse.

        Raises:
            RegkitError: where the earlier results are of other data or settings.
        """
        console = console or standard_output()
        worse = False
        for comparison in comparisons:
            now = comparison.record
            before = self.before.get(now.data["sha256"], next(iter(self.before.values())))
            changed = changes(now, before)
            worse = worse or any(change.verdict == "worse" for change in changed)
            console.print(f"\nAgainst {self.path}, {now.data['name']}:", markup=False)
            for line in _lines(now, changed):
                console.print(line, highlight=False, markup=False)
        return worse


def _lines(now: Record, changed: list[Change]) -> Iterator[str]:
    for arm, measure, d, verdict in changed:
        n = measure.digits
        size = f"{d.mean:+z.{n}f} ({d.low:+z.{n}f} to {d.high:+z.{n}f})"
        size = " ".join((size, measure.unit)).strip()
        yield f"  {now.label(arm)}, {measure.name}: {size}, {verdict}"
