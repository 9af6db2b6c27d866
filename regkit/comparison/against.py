"""A comparison beside an earlier one: is any arm worse now? For a check in continuous testing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from regkit.comparison import results, statistics
from regkit.comparison.analysis import ALPHA, overlap
from regkit.comparison.console import standard_output
from regkit.comparison.measures import Measure, of_record
from regkit.comparison.results import Record
from regkit.core.errors import RegkitError

__all__ = ["Against", "Change", "changes"]

SAME = ("measure", "epochs", "label_noise", "test_size", "validation_size", "train_size", "seed")
Change = tuple[str, Measure, statistics.Difference, str]


def changes(now: Record, before: Record) -> list[Change]:
    """Return, for each arm in both records and each deciding measure, what has changed.

    A change is (arm, measure, now minus before, verdict). The fits of equal split and seed are
    pairs, as they have the same examples; Holm's correction runs over all changes.

    Raises:
        RegkitError: where the two are of other data or settings, or share no arm.
    """
    _comparable(now, before)
    found = []
    for arm in now.arms:
        for measure in of_record(now):
            values = _pairs(now, before, arm, measure) if measure.decides else []
            if values:
                found.append((arm, measure, statistics.difference(values, overlap(now))))
    if not found:
        raise RegkitError("no arm has fits in both results, so there is nothing to compare")
    different = statistics.holm([d.p for _, _, d in found])
    same = statistics.holm([statistics.equivalence_p(d, m.margin) for _, m, d in found])
    return [
        (arm, m, d, statistics.verdict(m.sign * d.mean, p, p_same, ALPHA))
        for (arm, m, d), p, p_same in zip(found, different, same, strict=True)
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
    known = {(fit.split, fit.seed): measure.of(fit) for fit in before.of(arm)}
    by_split: dict[int, list[float]] = {}
    for fit in now.of(arm):
        if (fit.split, fit.seed) in known:
            change = measure.of(fit) - known[fit.split, fit.seed]
            by_split.setdefault(fit.split, []).append(change)
    return [sum(values) / len(values) for values in by_split.values()]


class Against:
    """Earlier results, read before anything is trained.

    Args:
        path: A `results.json`, or a folder that holds one, itself or by data set.

    Raises:
        RegkitError: where there is none, or one that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        found = sorted(path.rglob("results.json")) if path.is_dir() else [path]
        if not found:
            raise RegkitError(f"no results.json in {str(path)!r} to compare with")
        self.before = {record.data["sha256"]: record for record in map(results.read, found)}

    def show(self, comparisons: Iterable[Any], console: Console | None = None) -> bool:
        """Print what has changed; return whether an arm is worse.

        Raises:
            RegkitError: where nothing earlier is of the same data, or of the same settings.
        """
        console = console or standard_output()
        worse = False
        for now in (one.record for one in comparisons):
            before = self.before.get(now.data["sha256"], next(iter(self.before.values())))
            found = changes(now, before)
            worse = worse or any(verdict == "worse" for *_, verdict in found)
            console.print(f"\nAgainst {self.path}, {now.data['name']}:", markup=False)
            for line in _lines(now, found):
                console.print(line, highlight=False, markup=False)
        return worse


def _lines(now: Record, found: list[Change]) -> Iterator[str]:
    for arm, measure, d, verdict in found:
        n = measure.digits
        size = f"{d.mean:+z.{n}f} ({d.low:+z.{n}f} to {d.high:+z.{n}f})"
        size = " ".join((size, measure.unit)).strip()
        yield f"  {now.label(arm)}, {measure.name}: {size}, {verdict}"
