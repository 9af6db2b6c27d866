"""What to do next, in one sentence: what to add, or what would settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import variance

from regkit.comparison.design.ensemble_arms import split_ensemble
from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary, differences_by_split, overlap
from regkit.comparison.statistics.choice import best_alternative
from regkit.comparison.statistics.measures import Measure, deciding
from regkit.comparison.statistics.paired_differences import Difference
from regkit.comparison.statistics.power import MANY_SEEDS, MANY_SPLITS, seeds_needed, splits_needed
from regkit.comparison.words.choice_text import one_to_use
from regkit.core.words import counted, signed

__all__ = ["recommendation"]

SMALL_GAP = 2.0  # margins: with a smaller generalization gap there is little to regularize


@dataclass(frozen=True)
class _Facts:
    """What the rules decide by.

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
    measures = deciding(record)
    complete = [summary for summary in summaries if summary.arm not in record.failures]
    arms = [summary for summary in complete if summary.outcomes[measures[0].name].difference]
    baseline = next((summary for summary in complete if summary.arm == record.baseline), None)
    facts = _Facts(record, arms, measures, baseline)
    rules = (_stopped, _failed, _add, _weigh, _one_pair, _repeat, _another_strength)
    return next((sentence for rule in rules if (sentence := rule(facts))), _keep(facts))


# -- the rules: each gives the sentence, or nothing ---------------------------------------------


def _stopped(facts: _Facts) -> str:
    record = facts.record
    if not record.stopped:
        return ""
    if record.baseline in record.failures:
        return "Repair the baseline first: without it nothing can be compared."
    per_arm = record.settings["splits"] * record.settings["seeds"]
    total = per_arm * (len(record.arms) - len(record.failures))
    done = sum(fit.arm not in record.failures for fit in record.fits)
    return (
        f"Finish the comparison with --resume before you decide: {done} of {total} fits are done."
    )


def _failed(facts: _Facts) -> str:
    record = facts.record
    if facts.arms:
        return ""
    if record.diverged:
        arm = record.label(record.diverged[0])
        return f"Try {arm} with a smaller strength or learning rate: its training diverged."
    return "Repair what made the arms fail, and run again with --resume: nothing could be compared."


def _add(facts: _Facts) -> str:
    good = [arm for arm in facts.arms if "worse" not in arm.verdicts.values()]
    for measure in facts.measures:
        better = [arm for arm in good if arm.outcomes[measure.name].verdict == "better"]
        if better:
            best = _most_gained(better, measure)
            which = one_to_use(facts.record, best.arm)
            return f"Add {best.label}{which}: {_bought(best, measure)}{_cost(best)}."
    return ""


def _weigh(facts: _Facts) -> str:
    """Measures disagree: which of them matters more is for the user to say."""
    for measure in facts.measures:
        mixed = [arm for arm in facts.arms if arm.outcomes[measure.name].verdict == "better"]
        if mixed:
            best = _most_gained(mixed, measure)
            other = next(m for m in facts.measures if best.outcomes[m.name].verdict == "worse")
            return (
                f"Add {best.label}{one_to_use(facts.record, best.arm)} only if {measure.name} "
                f"matters more to you than {other.name}, "
                f"as the measures disagree: {_bought(best, measure)}, but {_bought(best, other)}"
                f"{_cost(best)}."
            )
    return ""


def _one_pair(facts: _Facts) -> str:
    if all(_difference(arm, facts.first).n > 1 for arm in facts.arms):
        return ""
    return "Run more splits, --splits 10 with --resume: one pair does not tell effect from chance."


def _repeat(facts: _Facts) -> str:
    """Ask for the repeats that find the most promising difference four times in five."""
    measure, settings = facts.first, facts.record.settings
    hopeful = [
        arm
        for arm in facts.arms
        if arm.outcomes[measure.name].verdict == "cannot conclude"
        and "worse" not in arm.verdicts.values()
        and _gain(arm, measure) > measure.margin
    ]
    if not hopeful:
        return ""
    best = _most_gained(hopeful, measure)
    d, tests = _difference(best, measure), len(facts.arms) * len(facts.measures)
    like = f"a difference like that of {best.label}, {_amount(d.mean, measure)}"
    share = overlap(facts.record)
    if splits := splits_needed(d, share, tests):
        more = max(splits - settings["splits"], 1)
        return (
            f"Run {counted(more, 'more split')}, --splits {settings['splits'] + more} with "
            f"--resume: {like}, is then found four times in five."
        )
    within = _within_splits(facts.record, best.arm, measure)
    if seeds := seeds_needed(d, share, tests, settings["seeds"], within):
        seeds = max(seeds, settings["seeds"] + 1)
        return (
            f"Run {seeds} seeds a split, --seeds {seeds} with --resume: {like}, is then found four "
            f"times in five{' at best' if within is None else ''}, and not by more splits alone."
        )
    alone = f"{best.label} alone, or" if len(facts.arms) > 1 else best.label
    return (
        f"Compare {alone} on more data: neither {MANY_SPLITS} splits nor {MANY_SEEDS} seeds a "
        f"split surely find {like}."
    )


def _another_strength(facts: _Facts) -> str:
    # An ensemble alone has no strength.
    arms = [arm for arm in facts.arms if split_ensemble(facts.record.arms[arm.arm])[1]]
    baseline = facts.baseline
    if baseline is None or not arms:
        return ""
    facts = replace(facts, arms=arms)
    return _smaller(facts, baseline) or _larger(facts, baseline)


def _smaller(facts: _Facts, baseline: Summary) -> str:
    """Underfitting: the least bad arm fits even its training examples worse."""
    measure = facts.first
    best = _most_gained(facts.arms, measure)
    lost = measure.sign * (_trained(baseline, measure) - _trained(best, measure))
    chose = best_alternative(facts.record, best.arm) is not None
    if chose or "worse" not in best.verdicts.values() or lost <= measure.margin:
        return ""
    return (
        f"Keep the baseline, or try a smaller strength than that of {best.label}, which even on "
        f"its training examples is worse by {abs(lost):.{measure.digits}f}{_unit(measure)}."
    )


def _larger(facts: _Facts, baseline: Summary) -> str:
    """Overfitting: the most promising arm leaves more than half of the baseline's gap."""
    measure, gap = facts.first, baseline.gap
    undecided = [
        arm
        for arm in facts.arms
        if set(arm.verdicts.values()) == {"cannot conclude"}
        and best_alternative(facts.record, arm.arm) is None  # of the others a larger one was tried
    ]
    if not undecided or gap <= SMALL_GAP * measure.margin:
        return ""
    best = _most_gained(undecided, measure)
    if best.gap <= gap / 2:
        return ""
    return (
        f"Try a larger strength than that of {best.label}: training examples are still predicted "
        f"better than test examples by {best.gap:.{measure.digits}f}{_unit(measure)}, without it "
        f"by {gap:.{measure.digits}f}."
    )


def _keep(facts: _Facts) -> str:
    names = " and ".join(measure.name for measure in facts.measures)
    if all(set(arm.verdicts.values()) == {"equivalent"} for arm in facts.arms):
        return f"Keep the baseline: by {names} it makes no difference that matters what is added."
    return f"Keep the baseline: by {names} no arm is better."


# -- numbers and parts of the sentences ---------------------------------------------------------


def _within_splits(record: Record, arm: str, measure: Measure) -> float | None:
    """Return the variance of the differences between the seeds of a split, None with one seed."""
    by_split = differences_by_split(record.of(arm), record.of(record.baseline), measure)
    variances = [variance(values) for values in by_split.values() if len(values) > 1]
    return sum(variances) / len(variances) if variances else None


def _difference(arm: Summary, measure: Measure) -> Difference:
    d = arm.outcomes[measure.name].difference
    assert d is not None
    return d


def _gain(arm: Summary, measure: Measure) -> float:
    return measure.sign * _difference(arm, measure).mean


def _most_gained(arms: list[Summary], measure: Measure) -> Summary:
    return max(arms, key=lambda arm: _gain(arm, measure))


def _trained(arm: Summary, measure: Measure) -> float:
    """Return the mean on the training examples, by the first measure."""
    return arm.outcomes[measure.name].mean + measure.sign * arm.gap


def _unit(measure: Measure) -> str:
    return f" {measure.unit}" if measure.unit else ""


def _amount(value: float, measure: Measure) -> str:
    return f"{signed(value, measure.digits)}{_unit(measure)}"


def _bought(arm: Summary, measure: Measure) -> str:
    """Return `"accuracy +2.3 points (+1.1 to +3.4)"`."""
    d, n = _difference(arm, measure), measure.digits
    return f"{measure.name} {_amount(d.mean, measure)} ({signed(d.low, n)} to {signed(d.high, n)})"


def _cost(arm: Summary) -> str:
    return f", {arm.cost:.2f} times the time of an epoch" if math.isfinite(arm.cost) else ""
