"""The verdict in words: what was done, what follows, and how far it can be trusted."""

from __future__ import annotations

import math

from regkit.comparison import statistics
from regkit.comparison.analysis import ALPHA, MEASURES, Measure, Summary, overlap
from regkit.comparison.results import Record

__all__ = ["in_words", "repeats", "warnings"]


def in_words(record: Record, summaries: list[Summary]) -> str:
    """Return the paragraphs below the table."""
    lines = [_what_was_done(record)]
    lines += [_what_follows(measure, summaries) for measure in MEASURES]
    lines += [_how_sure(record, summaries), *warnings(record, summaries)]
    lines += [f"{arm} failed: {why}." for arm, why in record.failures.items()]
    if record.stopped:
        lines.append(f"Stopped early ({record.stopped}): this is what was done until then.")
    return "\n".join(line for line in lines if line)


def repeats(record: Record) -> str:
    """Return `"10 splits × 2 seeds"`."""
    splits, seeds = record.settings["splits"], record.settings["seeds"]
    return f"{splits} splits" + (f" × {seeds} seeds" if seeds > 1 else "")


def _what_was_done(record: Record) -> str:
    data, settings = record.data, record.settings
    labels = "Labels are as given. "
    if settings["label_noise"]:
        labels = (
            f"{100 * settings['label_noise']:.0f} % of the training labels were redrawn uniformly "
            f"at random ({100 * data['labels_wrong']:.0f} % are wrong); validation and test labels "
            "are clean. "
        )
    note = f" ({data['note']})" if data["note"] else ""
    return (
        f"{data['name']}{note}: {repeats(record)}, each with {data['n_train']} training, "
        f"{data['n_validation']} validation and {data['n_test']} "
        f"{'fixed ' * data['fixed_test']}test examples. {labels}"
        f"Every arm trained {settings['epochs']} epochs in batches of {settings['batch_size']} on "
        "the same examples, from the same weights and in the same order, and was evaluated at the "
        "epoch of its best validation accuracy."
    )


def _what_follows(measure: Measure, summaries: list[Summary]) -> str:
    by_verdict: dict[str, list[str]] = {}
    for one in summaries:
        outcome = one.outcomes[measure.name]
        if outcome.difference is None or not outcome.verdict:
            continue
        d, n = outcome.difference, measure.digits
        size = f" ({d.mean:+.{n}f}, {d.low:+.{n}f} to {d.high:+.{n}f})"
        decided = outcome.verdict in ("better", "worse")
        by_verdict.setdefault(outcome.verdict, []).append(one.arm + size * decided)
    said = [
        f"{word} {', '.join(by_verdict[key])}"
        for key, word in (
            ("better", "better than the baseline"),
            ("worse", "worse"),
            ("equivalent", f"equivalent within ±{measure.margin:g} {measure.unit}"),
            ("cannot conclude", "cannot conclude for"),
        )
        if key in by_verdict
    ]
    return f"By {measure.name} ({measure.unit}): {'; '.join(said)}." if said else ""


def _how_sure(record: Record, summaries: list[Summary]) -> str:
    arms = [
        one for one in summaries if any(o.p_adjusted is not None for o in one.outcomes.values())
    ]
    if not arms:
        return "There are no complete pairs to conclude from."
    kind = (
        "Intervals (95 %, each by itself) speak of other seeds and training examples, for this one "
        "test set."
        if record.data["fixed_test"]
        else "Intervals (95 %, each by itself) allow for the examples that the splits share "
        "(Nadeau and Bengio 2003)."
    )
    found = [_detectable(record, measure, arms) for measure in MEASURES]
    sizes = " or ".join(text for text in found if text)
    return (
        f"{kind} Claims of better and worse hold together at 5 % for {len(arms)} arms and "
        f"{len(MEASURES)} measures (Holm). "
        + (f"Differences of about {sizes} are found four times in five. " if sizes else "")
        + "The best of several arms looks better than it is: confirm it with another --seed."
    )


def _detectable(record: Record, measure: Measure, arms: list[Summary]) -> str:
    """Return the difference that these pairs find with 80 % power, for the median arm."""
    found = [one.outcomes[measure.name].difference for one in arms]
    finite = sorted((d.error, d.n) for d in found if d and math.isfinite(d.error))
    if not finite:
        return ""
    (error, n), share = finite[len(finite) // 2], overlap(record)
    level = ALPHA / (len(arms) * len(MEASURES))  # Holm's first step
    # In standard errors, which hold the overlap already.
    effect = statistics.detectable(n, share, level) / math.sqrt(1 / n + share)
    return f"{effect * error:.{measure.digits}f} {measure.unit}"


def warnings(record: Record, summaries: list[Summary]) -> list[str]:
    """Return what weakens the conclusions, each as one sentence."""
    said = []
    smallest = min(record.data["test_counts"].values(), default=0)
    if smallest < 30:
        said.append(f"The smallest class has {smallest} test examples; 30 or more are needed.")
    late = [one.arm for one in summaries if one.at_end >= 0.3]
    if late:
        said.append(
            f"Best at the last epoch in 30 % of the fits or more: {', '.join(late)}. More epochs "
            "may help, and change the ranking."
        )
    rate = summaries[0].outcomes["accuracy"].mean / 100 if summaries else 0.5
    error = 100 * math.sqrt(rate * (1 - rate) / record.data["n_test"])
    small = [
        one.arm
        for one in summaries
        if (outcome := one.outcomes["accuracy"]).verdict in ("better", "worse")
        and outcome.difference is not None
        and abs(outcome.difference.mean) < error
    ]
    if record.data["fixed_test"] and small:
        said.append(
            f"The test set's own standard error, {error:.2f} points, exceeds the difference of "
            f"{', '.join(small)}: another test set could say otherwise."
        )
    return said
