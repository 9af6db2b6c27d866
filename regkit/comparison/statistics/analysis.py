"""From the record to conclusions: differences and verdicts of each arm by each measure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from regkit.comparison.record.results import Fit, Record
from regkit.comparison.statistics import measures, paired_differences, permutation
from regkit.comparison.statistics.measures import Measure

__all__ = [
    "ALPHA",
    "Outcome",
    "Summary",
    "differences_by_split",
    "evidence",
    "overlap",
    "pairs",
    "summarize",
]

ALPHA = 0.05


@dataclass(frozen=True)
class Outcome:
    """What one measure says of one arm.

    Attributes:
        mean: The mean over the fits.
        difference: Arm minus baseline, paired; None for the baseline.
        p_better: The probability that the arm is better than the baseline.
        p_practical: The probabilities that it is worse, equivalent or better by more than the
            margin, from the correlated Bayesian t test; None where the measure has no margin.
        p_permutation: The p value of the sign-flip permutation test, which assumes nothing of the
            differences' distribution; None where the splits overlap, for which it is not valid.
        p_adjusted: The p value of "no difference", after Holm's correction over all arms and
            measures.
        p_equivalent: The p value of equivalence within the margin, corrected likewise.
        verdict: "better", "worse", "equivalent", "cannot conclude", "failed" or "" (the baseline,
            and measures that only describe).
        evidence: How strong the evidence for the verdict is (`evidence`); empty without a verdict.
    """

    mean: float
    difference: paired_differences.Difference | None = None
    p_better: float | None = None
    p_practical: tuple[float, float, float] | None = None
    p_permutation: float | None = None
    p_adjusted: float | None = None
    p_equivalent: float | None = None
    verdict: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Summary:
    """What is known of one arm.

    Attributes:
        arm: Its name.
        label: How it is shown: the text that makes it, after a name of its own.
        outcomes: Measure → outcome.
        gap: The mean generalization gap by the first measure, in its unit: how much better the
            training examples are predicted than the test examples.
        cost: The median ratio of seconds an epoch to the baseline's in the same repeat.
        best_epoch: The median epoch of the best validation value.
        at_end: The fraction of its fits whose best epoch was the last that was allowed.
        peak_memory: The median of the fits' peaks in megabytes, or None.
        sparsity: The mean fraction of the kernels' weights that are exactly 0.
    """

    arm: str
    label: str
    outcomes: dict[str, Outcome] = field(repr=False)
    gap: float
    cost: float
    best_epoch: float
    at_end: float
    peak_memory: float | None
    sparsity: float

    @property
    def verdicts(self) -> dict[str, str]:
        """Measure → verdict, for the measures that decide."""
        return {name: outcome.verdict for name, outcome in self.outcomes.items() if outcome.verdict}


def overlap(record: Record) -> float:
    """Return the term by which overlapping splits correlate: n_test / (n_train + n_validation).

    An arm uses both: it trains on the first and chooses its epoch by the second. With a test set
    that the data fixes, the repeats are independent given it: 0.
    """
    if record.data["fixed_test"]:
        return 0.0
    return float(record.data["n_test"] / (record.data["n_train"] + record.data["n_validation"]))


def pairs(record: Record, arm: str, measure: Measure) -> list[float]:
    """Return the arm's measure minus the baseline's, one value a split.

    Seeds within a split share their examples, so they are averaged and count as one pair.
    """
    by_split = differences_by_split(record.of(arm), record.of(record.baseline), measure)
    return [float(np.mean(values)) for _, values in sorted(by_split.items())]


def differences_by_split(
    fits: Sequence[Fit], others: Sequence[Fit], measure: Measure
) -> dict[int, list[float]]:
    """Return split → a measure of fits minus that of others with equal split and seed."""
    other_values = {(fit.split, fit.seed): measure.of(fit) for fit in others}
    by_split: dict[int, list[float]] = defaultdict(list)
    for fit in fits:
        if (fit.split, fit.seed) in other_values:
            by_split[fit.split].append(measure.of(fit) - other_values[fit.split, fit.seed])
    return by_split


def summarize(record: Record) -> list[Summary]:
    """Return the summaries, the baseline's first; arms without any fit are left out."""
    summaries = {arm: _summary(record, arm) for arm in record.arms if record.of(arm)}
    tests = [
        (arm, measure, d)
        for arm, summary in summaries.items()
        for measure in measures.deciding(record)
        if arm not in record.failures
        if (d := summary.outcomes[measure.name].difference)
    ]
    different = paired_differences.holm([d.p for _, _, d in tests])
    same = [paired_differences.equivalence_p(d, measure.margin) for _, measure, d in tests]
    equivalent = paired_differences.holm(same)
    for (arm, measure, d), p, p_same in zip(tests, different, equivalent, strict=True):
        outcomes = summaries[arm].outcomes
        verdict = paired_differences.verdict(measure.sign * d.mean, p, p_same, ALPHA)
        outcomes[measure.name] = replace(
            outcomes[measure.name],
            p_adjusted=float(p),
            p_equivalent=float(p_same),
            verdict=verdict,
            evidence=evidence(verdict, float(p_same if verdict == "equivalent" else p), d.n),
        )
    return list(summaries.values())


def evidence(verdict: str, p: float, n: int) -> str:
    """Return how strong the evidence for one verdict is: "none", "weak", "moderate" or "strong".

    Strong: p below 0.01, by at least 10 pairs. Moderate: by at least 6 pairs. Weak: by fewer.
    None: nothing could be concluded.

    Args:
        verdict: Of one arm by one measure.
        p: The p value of its claim, after Holm's correction.
        n: The number of pairs.

    Example:
        >>> evidence("better", p=0.004, n=10), evidence("better", p=0.03, n=10)
        ('strong', 'moderate')
    """
    if verdict not in ("better", "worse", "equivalent"):
        return "none"
    if p < 0.01 and n >= 10:
        return "strong"
    return "moderate" if n >= 6 else "weak"


def _summary(record: Record, arm: str) -> Summary:
    """Return an arm's summary before the corrections that need all arms."""
    fits, all_measures = record.of(arm), measures.of_record(record)
    seconds = {(f.split, f.seed): f.epoch_seconds for f in record.of(record.baseline)}
    ratios = [
        fit.epoch_seconds / seconds[fit.split, fit.seed]
        for fit in fits
        if (fit.split, fit.seed) in seconds
    ]
    first = all_measures[0]
    gaps = [first.sign * (first.of(fit, "train") - first.of(fit)) for fit in fits]
    peaks = [fit.peak_memory for fit in fits if fit.peak_memory is not None]
    return Summary(
        arm=arm,
        label=record.label(arm),
        outcomes={measure.name: _outcome(record, arm, measure) for measure in all_measures},
        gap=float(np.mean(gaps)),
        cost=float(np.median(ratios)) if ratios else math.nan,
        best_epoch=float(np.median([fit.best_epoch for fit in fits])),
        at_end=float(np.mean([fit.best_epoch == record.settings["epochs"] for fit in fits])),
        peak_memory=float(np.median(peaks)) if peaks else None,
        sparsity=float(np.mean([fit.sparsity for fit in fits])),
    )


def _outcome(record: Record, arm: str, measure: Measure) -> Outcome:
    mean = float(np.mean([measure.of(fit) for fit in record.of(arm)]))
    values = [] if arm == record.baseline else pairs(record, arm, measure)
    if not values:
        return Outcome(mean)
    step = measures.resolution(measure, record)
    d = paired_differences.difference(values, overlap(record), resolution=step)
    p_better = d.p_positive if measure.sign > 0 else 1 - d.p_positive
    failed = measure.decides and arm in record.failures
    return Outcome(
        mean,
        d,
        p_better,
        p_practical=_practical(d, measure) if measure.margin else None,
        p_permutation=permutation.sign_flip(values) if record.data["fixed_test"] else None,
        verdict="failed" if failed else "",
    )


def _practical(d: paired_differences.Difference, measure: Measure) -> tuple[float, float, float]:
    probabilities = paired_differences.practical(d, measure.margin)
    worse, better = (probabilities.worse, probabilities.better)[:: measure.sign]
    return worse, probabilities.equivalent, better
