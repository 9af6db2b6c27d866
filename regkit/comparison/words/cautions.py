"""What weakens a comparison's conclusions: warnings with codes, each with a page in the docs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from regkit.comparison.record.results import Record
from regkit.comparison.statistics import analysis, measures, paired_differences
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.choice import Alternative, alternatives
from regkit.core.words import counted

__all__ = ["ADVICE", "CHECKS", "TITLES", "Caution", "cautions"]

TITLES = {
    "RK001": "An arm has no complete result",
    "RK002": "The comparison was stopped before its end",
    "RK003": "Few pairs",
    "RK004": "A class has few test examples",
    "RK005": "The test set's own error exceeds a difference",
    "RK006": "An arm was best at its last epoch",
    "RK007": "Calibration is measured on few examples",
    "RK008": "Test examples are also among the training examples",
    "RK009": "The baseline has learnt little or nothing",
    "RK010": "The winner was chosen on the data that it is reported on",
    "RK011": "Accuracy hides the small classes",
    "RK012": "The choice among alternatives is at an end of them",
}
# What to do, in short; `docs/warnings` says more, but is not with a report that is passed on.
ADVICE = {
    "RK001": "Repair what the reason names (a smaller strength or learning rate where training "
    "diverged) and run again with --resume: only what is missing is fitted.",
    "RK002": "Run the same command again with --resume; every fit that is done is kept.",
    "RK003": "Ask for more --splits; --resume adds them to those that are done. More --seeds make "
    "each pair steadier, but are no pairs.",
    "RK004": "Take a larger --test-size, more data, or merge small classes.",
    "RK005": "Use a larger test part, or split one pool of examples instead of fixing the test "
    "part.",
    "RK006": "Run with more --epochs, the same for all arms.",
    "RK007": "Look at NLL and the Brier score, which need no bins, or test on more examples.",
    "RK008": "Remove duplicates from the data, or keep them together with a fixed test part.",
    "RK009": "Look at the learning curves; train longer, with another learning rate, or with a "
    "larger model.",
    "RK010": "Compare the winner alone with the baseline under another --seed, or on data that "
    "played no part in the choice, and report that difference.",
    "RK011": "Decide by --measure balanced_accuracy, in which every class counts alike; with two "
    "classes also by roc_auc.",
    "RK012": "Offer values beyond that end, as in dropout(0.5|0.7|0.9).",
}
# The largest class is so many times the smallest: VERY_UNLIKE warns in any case, UNLIKE where
# always naming the largest comes within NEARLY points of the baseline's accuracy.
UNLIKE, NEARLY, VERY_UNLIKE = 1.5, 10.0, 10.0
FEW_PAIRS, FEW_OF_A_CLASS, FEW_FOR_CALIBRATION = 6, 30, 1000
MANY_AT_END, MANY_DUPLICATES = 0.3, 0.01  # shares of the fits, of the test examples
Check = Callable[[Record, list[Summary]], Iterator[str]]


@dataclass(frozen=True)
class Caution:
    """A warning: its code (see TITLES) and what it says of this comparison, in a sentence."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def cautions(record: Record, summaries: list[Summary]) -> list[Caution]:
    """Return what weakens the conclusions, in the order of the codes."""
    return [
        Caution(code, text) for code, check in CHECKS.items() for text in check(record, summaries)
    ]


def _failed(record: Record, summaries: list[Summary]) -> Iterator[str]:
    for arm, why in record.failures.items():
        diverged = "diverged" if arm in record.diverged else "failed"
        n = len(record.of(arm))
        done = f"{counted(n, 'fit')} {'was' if n == 1 else 'were'} done"
        yield f"{record.label(arm)} {diverged} and is taken out, {done}: {why}."


def _stopped(record: Record, summaries: list[Summary]) -> Iterator[str]:
    if record.stopped:
        yield (
            f"Stopped early ({record.stopped}): this is what was done until then. Go on with "
            "--resume."
        )


def _few_pairs(record: Record, summaries: list[Summary]) -> Iterator[str]:
    first = measures.of_record(record)[0].name
    pairs = [d.n for arm in summaries if (d := arm.outcomes[first].difference)]
    if not pairs or min(pairs) >= FEW_PAIRS:
        return
    n = min(pairs)
    there = f"There {'is' if n == 1 else 'are'} {counted(n, 'pair')}"
    if n == 1:
        yield f"{there}, from which nothing can be concluded. Ask for more splits."
        return
    effect = paired_differences.detectable(n, analysis.overlap(record))
    yield (
        f"{there}: only effects of more than {effect:.2g} standard deviations of the differences "
        "are likely to be found, by one arm and measure alone. Ask for more splits."
    )


def _few_of_a_class(record: Record, summaries: list[Summary]) -> Iterator[str]:
    counts = record.data["test_counts"]
    if counts and min(counts.values()) < FEW_OF_A_CLASS:
        name = min(counts, key=counts.__getitem__)
        yield (
            f"Class {name} has {counted(counts[name], 'test example')}; {FEW_OF_A_CLASS} or more "
            "are needed for a stable accuracy."
        )


def _own_error(record: Record, summaries: list[Summary]) -> Iterator[str]:
    first = measures.of_record(record)[0]
    if not record.data["fixed_test"] or first.unit != "points" or not summaries:
        return
    rate = summaries[0].outcomes[first.name].mean / 100
    # Of a mean over classes; where each example counts alike, all are one class.
    counts = [count for count in record.data["test_counts"].values() if count]
    groups = counts if first.key == "balanced_accuracy" else [record.data["n_test"]]
    spread = sum(1 / n for n in groups) / len(groups) ** 2
    error = 100 * math.sqrt(rate * (1 - rate) * spread)
    small = [
        arm.label
        for arm in summaries
        if (outcome := arm.outcomes[first.name]).verdict in ("better", "worse")
        and outcome.difference is not None
        and abs(outcome.difference.mean) < error
    ]
    if small:
        yield (
            f"The test set's own standard error, {error:.2f} points, exceeds the difference of "
            f"{', '.join(small)}: another test set could say otherwise."
        )


def _at_end(record: Record, summaries: list[Summary]) -> Iterator[str]:
    late = [arm.label for arm in summaries if arm.at_end >= MANY_AT_END]
    if late:
        yield (
            f"Best at the last epoch in 30 % of the fits or more: {', '.join(late)}. More epochs "
            "may help, and change the ranking."
        )


def _calibration(record: Record, summaries: list[Summary]) -> Iterator[str]:
    if record.data["task"] == "classification" and record.data["n_test"] < FEW_FOR_CALIBRATION:
        yield (
            f"The calibration error is estimated from {record.data['n_test']} test examples a "
            f"fit; below {FEW_FOR_CALIBRATION} it is mostly noise."
        )


def _duplicates(record: Record, summaries: list[Summary]) -> Iterator[str]:
    count, n = record.data["duplicates"], record.data["n_test"]
    if count > MANY_DUPLICATES * n:
        yield (
            f"{count} of the {n} test examples of the first split {'is' if count == 1 else 'are'} "
            "equal to a training example: this rewards memory, unless few values make equal rows "
            "by chance."
        )


def _poor_baseline(record: Record, summaries: list[Summary]) -> Iterator[str]:
    if not summaries or summaries[0].arm != record.baseline:
        return
    data, outcomes = record.data, summaries[0].outcomes
    if data["task"] == "classification":
        share = 100 * max(data["test_counts"].values()) / data["n_test"]
        if outcomes["accuracy"].mean <= share + 1:
            yield (
                f"The baseline's accuracy is {outcomes['accuracy'].mean:.1f} %, and {share:.1f} % "
                "of the test examples are of one class: there is little to regularize yet."
            )
    elif outcomes["RMSE"].mean >= 0.98 * data["target_scale"]:
        yield (
            f"The baseline's RMSE is {outcomes['RMSE'].mean:.4g}, and the target's standard "
            f"deviation {data['target_scale']:.4g}: it predicts hardly better than the mean."
        )


def _chosen_here(record: Record, summaries: list[Summary]) -> Iterator[str]:
    better = [arm for arm in summaries if "better" in arm.verdicts.values()]
    if better and len(record.arms) > 2:
        yield (
            "The best of several arms looks better than it is, as it was chosen on the data that "
            "it is reported on: confirm it with another --seed, or on other data."
        )


def _imbalanced(record: Record, summaries: list[Summary]) -> Iterator[str]:
    counts = record.data["test_counts"]
    baseline = [arm for arm in summaries if arm.arm == record.baseline]
    if not baseline or record.settings["measure"] != "accuracy" or len(counts) < 2:
        return
    large, small = (f(counts, key=counts.__getitem__) for f in (max, min))
    n, means = record.data["n_test"], {k: o.mean for k, o in baseline[0].outcomes.items()}
    share, least = 100 * counts[large] / n, 100 * counts[small] / n
    nearly = share >= means["accuracy"] - NEARLY and counts[large] >= UNLIKE * counts[small]
    if nearly or counts[large] >= VERY_UNLIKE * counts[small]:
        yield (
            f"{share:.1f} % of the test examples are of class {large} and {least:.1f} % of class "
            f"{small}: always saying {large} has an accuracy of {share:.1f} %, the baseline "
            f"{means['accuracy']:.1f} %; its balanced accuracy is "
            f"{means['balanced accuracy']:.1f} %."
        )


def _at_an_end(record: Record, summaries: list[Summary]) -> Iterator[str]:
    for arm in record.arms:
        found = alternatives(record, arm)
        numbers = [n for each in found if (n := _number(each)) is not None]
        if len(found) < 2 or len(numbers) < len(found):
            continue
        ends = (("largest", "larger", max(numbers)), ("smallest", "smaller", min(numbers)))
        for end, other, value in ends:
            each, splits = found[numbers.index(value)], len(found[0].values)
            if value != 0 and each.times_chosen > splits / 2 and _stands_out(each, found):
                yield (
                    f"{each.recipe}, the {end} of {record.label(arm)}, was chosen in "
                    f"{each.times_chosen} of {counted(splits, 'split')}: a {other} value may do "
                    "better."
                )


def _stands_out(alternative: Alternative, among: list[Alternative]) -> bool:
    """Return whether it differs from each of the others by more than a standard error."""
    for other in among:
        d = np.subtract(alternative.values, other.values)
        if other is not alternative and abs(d.mean()) <= d.std() / math.sqrt(len(d)):
            return False
    return True


def _number(alternative: Alternative) -> float | None:
    """Return the number by which an alternative differs from the others; None for anything else."""
    (value, *others) = alternative.options.values()
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return value if plain and not others else None


CHECKS: dict[str, Check] = {
    "RK001": _failed,
    "RK002": _stopped,
    "RK003": _few_pairs,
    "RK004": _few_of_a_class,
    "RK005": _own_error,
    "RK006": _at_end,
    "RK007": _calibration,
    "RK008": _duplicates,
    "RK009": _poor_baseline,
    "RK010": _chosen_here,
    "RK011": _imbalanced,
    "RK012": _at_an_end,
}
