"""From the record to conclusions: what is known of each arm by each measure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from regkit.comparison import statistics
from regkit.comparison.results import Fit, Record

__all__ = ["ALPHA", "MEASURES", "Measure", "Outcome", "Summary", "overlap", "pairs", "summarize"]

ALPHA = 0.05


@dataclass(frozen=True)
class Measure:
    """What arms are compared by, on clean test labels.

    Attributes:
        name: Its name in tables.
        unit: The unit of differences.
        of: Its value for a fit.
        sign: 1 where more is better, -1 where less is.
        margin: Differences within ± this count as none.
        digits: How many decimals to print.
    """

    name: str
    unit: str
    of: Callable[[Fit], float]
    sign: int
    margin: float
    digits: int


# Fixed before any result: what users ask for, and the more sensitive proper score beside it. The
# margins: half a point, and 2 % in the probability that is given to the right class.
MEASURES = (
    Measure("accuracy", "points", lambda fit: 100 * fit.test_accuracy, 1, 0.5, 1),
    Measure("NLL", "nats", lambda fit: fit.test_nll, -1, 0.02, 3),
)


@dataclass(frozen=True)
class Outcome:
    """What one measure says of one arm.

    Attributes:
        mean: The mean over the fits.
        difference: Arm minus baseline, paired; None for the baseline.
        p_better: The probability that the arm is the better one.
        p_adjusted: The p value of "no difference", after Holm's correction over all arms and
            measures.
        p_equivalent: The p value of equivalence within the margin, corrected likewise.
        verdict: "better", "worse", "equivalent", "cannot conclude", "failed" or "" (baseline).
    """

    mean: float
    difference: statistics.Difference | None = None
    p_better: float | None = None
    p_adjusted: float | None = None
    p_equivalent: float | None = None
    verdict: str = ""


@dataclass(frozen=True)
class Summary:
    """What is known of one arm.

    Attributes:
        arm: Its name.
        outcomes: Measure → outcome.
        gap: The mean generalization gap, in accuracy points.
        cost: The median ratio of seconds an epoch to the baseline's in the same repeat.
        best_epoch: The median epoch of the best validation accuracy.
        at_end: The fraction of its fits whose best epoch was the last.
    """

    arm: str
    outcomes: dict[str, Outcome] = field(repr=False)
    gap: float
    cost: float
    best_epoch: float
    at_end: float

    @property
    def verdicts(self) -> dict[str, str]:
        """Measure → verdict."""
        return {name: one.verdict for name, one in self.outcomes.items()}


def overlap(record: Record) -> float:
    """Return the term by which overlapping splits correlate: n_test / (n_train + n_validation).

    The learner that is compared receives both: it trains on one and chooses its epoch by the
    other. With a test set that the data fixes, the repeats are independent given it: 0.
    """
    if record.data["fixed_test"]:
        return 0.0
    return float(record.data["n_test"] / (record.data["n_train"] + record.data["n_validation"]))


def pairs(record: Record, arm: str, measure: Callable[[Fit], float]) -> list[float]:
    """Return the arm's measure minus the baseline's, one value a split.

    Seeds within a split share their examples, so they are averaged and count as one pair.
    """
    base = {(fit.split, fit.seed): measure(fit) for fit in record.of(record.baseline)}
    by_split: dict[int, list[float]] = defaultdict(list)
    for fit in record.of(arm):
        if (fit.split, fit.seed) in base:
            by_split[fit.split].append(measure(fit) - base[fit.split, fit.seed])
    return [float(np.mean(values)) for _, values in sorted(by_split.items())]


def summarize(record: Record) -> list[Summary]:
    """Return the summaries, the baseline's first; arms without any fit are left out."""
    found = {arm: _summary(record, arm) for arm in record.arms if record.of(arm)}
    tests = [
        (arm, measure, one.difference)
        for arm, summary in found.items()
        for measure in MEASURES
        if (one := summary.outcomes[measure.name]).difference and arm not in record.failures
    ]
    different = statistics.holm([d.p for _, _, d in tests if d])
    same = [statistics.equivalence_p(d, measure.margin) for _, measure, d in tests if d]
    equivalent = statistics.holm(same)
    for (arm, measure, d), p, p_same in zip(tests, different, equivalent, strict=True):
        assert d is not None
        outcomes = found[arm].outcomes
        outcomes[measure.name] = replace(
            outcomes[measure.name],
            p_adjusted=float(p),
            p_equivalent=float(p_same),
            verdict=statistics.verdict(measure.sign * d.mean, p, p_same, ALPHA),
        )
    return list(found.values())


def _summary(record: Record, arm: str) -> Summary:
    """Return an arm's summary before the corrections that need all arms."""
    fits = record.of(arm)
    seconds = {(f.split, f.seed): f.epoch_seconds for f in record.of(record.baseline)}
    ratios = [
        fit.epoch_seconds / seconds[fit.split, fit.seed]
        for fit in fits
        if (fit.split, fit.seed) in seconds
    ]
    return Summary(
        arm=arm,
        outcomes={measure.name: _outcome(record, arm, measure) for measure in MEASURES},
        gap=100 * float(np.mean([fit.gap for fit in fits])),
        cost=float(np.median(ratios)) if ratios else math.nan,
        best_epoch=float(np.median([fit.best_epoch for fit in fits])),
        at_end=float(np.mean([fit.best_epoch == fit.epochs for fit in fits])),
    )


def _outcome(record: Record, arm: str, measure: Measure) -> Outcome:
    mean = float(np.mean([measure.of(fit) for fit in record.of(arm)]))
    values = [] if arm == record.baseline else pairs(record, arm, measure.of)
    if not values:
        return Outcome(mean)
    # Accuracy comes in steps of one test example.
    step = 100 / record.data["n_test"] / record.settings["seeds"] if measure.unit == "points" else 0
    d = statistics.difference(values, overlap(record), resolution=step)
    p_better = d.p_positive if measure.sign > 0 else 1 - d.p_positive
    return Outcome(mean, d, p_better, verdict="failed" if arm in record.failures else "")
