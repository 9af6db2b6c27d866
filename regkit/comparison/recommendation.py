"""What to do next, in one sentence: what to add, or what would settle it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import variance

from regkit.comparison.analysis import Summary, overlap
from regkit.comparison.measures import Measure
from regkit.comparison.power import MANY_SEEDS, MANY_SPLITS, seeds_needed, splits_needed
from regkit.comparison.results import Record
from regkit.comparison.statistics import Difference
from regkit.comparison.verdict_text import deciding
from regkit.core.words import counted, signed

__all__ = ["recommendation"]

SMALL_GAP = 2.0  # margins: with a smaller generalization gap there is little to regularize


@dataclass(frozen=True)
class _Found:
    """What the rules below read.

    Attributes:
        record: What was measured.
        arms: What is known of each arm that is complete, the baseline apart.
        measures: Those that decide.
        baseline: What is known of the baseline, or None.
    """

    record: Record
    arms: list[Summary]
    measures: list[Measure]
    baseline: Summary | None

    @property
    def first(self) -> Measure:
        return self.measures[0]


def recommendation(record: Record, summaries: list[Summary]) -> str:
    """Return one sentence that says what to do next.

    In this order: finish what was stopped; add the arm that is better and by no measure worse, with
    what it buys and costs; weigh one that is better by one measure and worse by another; repeat
    where that can settle the most promising arm; try another strength; or keep the baseline.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
    """
    known = deciding(record)
    complete = [one for one in summaries if one.arm not in record.failures]
    arms = [one for one in complete if one.outcomes[known[0].name].difference]
    baseline = next((one for one in complete if one.arm == record.baseline), None)
    found = _Found(record, arms, known, baseline)
    rules = (_stopped, _failed, _add, _weigh, _one_pair, _repeat, _smaller, _larger)
    return next((said for rule in rules if (said := rule(found))), _keep(found))


# -- the rules: each gives the sentence, or nothing ---------------------------------------------


def _stopped(found: _Found) -> str:
    record = found.record
    if not record.stopped:
        return ""
    if record.baseline in record.failures:
        return "Mend the baseline first, without which nothing can be compared."
    per_arm = record.settings["splits"] * record.settings["seeds"]
    total = per_arm * (len(record.arms) - len(record.failures))
    done = sum(fit.arm not in record.failures for fit in record.fits)
    return (
        f"Finish the comparison with --resume before you decide: {done} of {total} fits are done."
    )


def _failed(found: _Found) -> str:
    record = found.record
    if found.arms:
        return ""
    if record.diverged:
        arm = record.label(record.diverged[0])
        return f"Try {arm} with a smaller strength or learning rate: its training diverged."
    return "Mend what made the arms fail, and run again with --resume: nothing could be compared."


def _add(found: _Found) -> str:
    good = [one for one in found.arms if "worse" not in one.verdicts.values()]
    for measure in found.measures:
        better = [one for one in good if one.outcomes[measure.name].verdict == "better"]
        if better:
            best = max(better, key=lambda one: _gain(one, measure))
            return f"Add {best.label}: {_bought(best, measure)}{_cost(best)}."
    return ""


def _weigh(found: _Found) -> str:
    """Where measures disagree, whoever asked must weigh them."""
    for measure in found.measures:
        mixed = [one for one in found.arms if one.outcomes[measure.name].verdict == "better"]
        if mixed:
            one = max(mixed, key=lambda arm: _gain(arm, measure))
            other = next(m for m in found.measures if one.outcomes[m.name].verdict == "worse")
            return (
                f"Add {one.label} only if {measure.name} matters more to you than {other.name}, as "
                f"the measures disagree: {_bought(one, measure)}, but {_bought(one, other)}"
                f"{_cost(one)}."
            )
    return ""


def _one_pair(found: _Found) -> str:
    if all(_difference(one, found.first).n > 1 for one in found.arms):
        return ""
    return "Run more splits, --splits 10 with --resume: one pair does not tell effect from chance."


def _repeat(found: _Found) -> str:
    """Ask for the repeats that find the most promising difference four times in five."""
    measure, settings = found.first, found.record.settings
    hopeful = [
        one
        for one in found.arms
        if one.outcomes[measure.name].verdict == "cannot conclude"
        and "worse" not in one.verdicts.values()
        and _gain(one, measure) > measure.margin
    ]
    if not hopeful:
        return ""
    best = max(hopeful, key=lambda one: _gain(one, measure))
    d, tests = _difference(best, measure), len(found.arms) * len(found.measures)
    like = f"a difference like that of {best.label}, {_amount(d.mean, measure)}"
    share = overlap(found.record)
    if splits := splits_needed(d, share, tests):
        more = max(splits - settings["splits"], 1)
        return (
            f"Run {counted(more, 'more split')}, --splits {settings['splits'] + more} with "
            f"--resume: {like}, is then found four times in five."
        )
    within = _within_splits(found.record, best.arm, measure)
    if seeds := seeds_needed(d, share, tests, settings["seeds"], within):
        seeds = max(seeds, settings["seeds"] + 1)
        return (
            f"Run {seeds} seeds a split, --seeds {seeds} with --resume: {like}, is then found four "
            f"times in five{' at best' if within is None else ''}, and not by more splits alone."
        )
    alone = f"{best.label} alone, or" if len(found.arms) > 1 else best.label
    return (
        f"Compare {alone} on more data: neither {MANY_SPLITS} splits nor {MANY_SEEDS} seeds a "
        f"split surely find {like}."
    )


def _smaller(found: _Found) -> str:
    """Underfitting: the least bad arm fits even its training examples worse."""
    if found.baseline is None:
        return ""
    measure = found.first
    best = max(found.arms, key=lambda one: _gain(one, measure))
    lost = measure.sign * (_trained(found.baseline, measure) - _trained(best, measure))
    if "worse" not in best.verdicts.values() or lost <= measure.margin:
        return ""
    return (
        f"Keep the baseline, or try a smaller strength than that of {best.label}, which even on "
        f"its training examples is worse by {abs(lost):.{measure.digits}f}{_unit(measure)}."
    )


def _larger(found: _Found) -> str:
    """Overfitting: the baseline has a gap of which the most promising arm leaves more than half."""
    if found.baseline is None:
        return ""
    measure, gap = found.first, found.baseline.gap
    open_ones = [one for one in found.arms if set(one.verdicts.values()) == {"cannot conclude"}]
    if not open_ones or gap <= SMALL_GAP * measure.margin:
        return ""
    best = max(open_ones, key=lambda one: _gain(one, measure))
    if best.gap <= gap / 2:
        return ""
    return (
        f"Try a larger strength than that of {best.label}: training examples are still predicted "
        f"better than test examples by {best.gap:.{measure.digits}f}{_unit(measure)}, without it "
        f"by {gap:.{measure.digits}f}."
    )


def _keep(found: _Found) -> str:
    names = " and ".join(one.name for one in found.measures)
    if all(set(one.verdicts.values()) == {"equivalent"} for one in found.arms):
        return f"Keep the baseline: by {names} it makes no difference that matters what is added."
    return f"Keep the baseline: by {names} no arm is better."


# -- what the sentences are made of -------------------------------------------------------------


def _within_splits(record: Record, arm: str, measure: Measure) -> float | None:
    """Return the variance of the differences between the seeds of a split, None with one seed."""
    base = {(fit.split, fit.seed): measure.of(fit) for fit in record.of(record.baseline)}
    by_split: dict[int, list[float]] = defaultdict(list)
    for fit in record.of(arm):
        if (fit.split, fit.seed) in base:
            by_split[fit.split].append(measure.of(fit) - base[fit.split, fit.seed])
    found = [variance(values) for values in by_split.values() if len(values) > 1]
    return sum(found) / len(found) if found else None


def _difference(one: Summary, measure: Measure) -> Difference:
    d = one.outcomes[measure.name].difference
    assert d is not None
    return d


def _gain(one: Summary, measure: Measure) -> float:
    return measure.sign * _difference(one, measure).mean


def _trained(one: Summary, measure: Measure) -> float:
    """Return the mean on the training examples, by the first measure."""
    return one.outcomes[measure.name].mean + measure.sign * one.gap


def _unit(measure: Measure) -> str:
    return f" {measure.unit}" if measure.unit else ""


def _amount(value: float, measure: Measure) -> str:
    return f"{signed(value, measure.digits)}{_unit(measure)}"


def _bought(one: Summary, measure: Measure) -> str:
    """Return `"accuracy +2.3 points (+1.1 to +3.4)"`."""
    d, n = _difference(one, measure), measure.digits
    return f"{measure.name} {_amount(d.mean, measure)} ({signed(d.low, n)} to {signed(d.high, n)})"


def _cost(one: Summary) -> str:
    return f", {one.cost:.2f} times the time of an epoch" if math.isfinite(one.cost) else ""
