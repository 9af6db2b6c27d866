"""The verdict in words: what was done, what follows, and how far it can be trusted."""

from __future__ import annotations

import math

from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures, paired_differences
from regkit.comparison.statistics.analysis import ALPHA, Summary, overlap
from regkit.comparison.statistics.measures import Measure, deciding
from regkit.comparison.words.cautions import cautions
from regkit.comparison.words.choice_text import how_chosen
from regkit.comparison.words.engine_text import how_trained
from regkit.core.words import counted, signed

__all__ = ["how_sure", "in_words", "paragraphs", "repeats", "size", "what_follows", "what_was_done"]


def in_words(record: Record, summaries: list[Summary]) -> str:
    """Return what stands below the tables on a terminal."""
    return "\n".join([*paragraphs(record, summaries), *map(str, cautions(record, summaries))])


def paragraphs(record: Record, summaries: list[Summary]) -> list[str]:
    """Return what was done, what was chosen, what follows from it, and how sure that is."""
    texts = [
        what_was_done(record),
        how_chosen(record),
        *what_follows(record, summaries),
        how_sure(record, summaries),
    ]
    return [text for text in texts if text]


def repeats(record: Record) -> str:
    """Return `"10 splits × 2 seeds"`."""
    splits, seeds = record.settings["splits"], record.settings["seeds"]
    return counted(splits, "split") + (f" × {seeds} seeds" if seeds > 1 else "")


def size(summary: Summary, measure: Measure) -> str:
    """Return `"accuracy: +1.2 points (95 % interval +0.4 to +2.0)"`, of an arm with pairs."""
    d, n = summary.outcomes[measure.name].difference, measure.digits
    assert d is not None
    mean = f"{measure.name}: {signed(d.mean, n)} {measure.unit}".rstrip()
    if not math.isfinite(d.low):
        return f"{mean}, from one pair"
    return f"{mean} (95 % interval {signed(d.low, n)} to {signed(d.high, n)})"


def what_was_done(record: Record) -> str:
    """Return in words how the arms were compared."""
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
        f"epoch of its best validation {measures.of_record(record)[0].name}. {how_trained(record)}"
    ).rstrip()


def what_follows(record: Record, summaries: list[Summary]) -> list[str]:
    """Return a sentence for each deciding measure: which arms are better, worse, equivalent."""
    texts = (_what_follows(measure, summaries) for measure in deciding(record))
    return [text for text in texts if text]


def _what_follows(measure: Measure, summaries: list[Summary]) -> str:
    by_verdict: dict[str, list[str]] = {}
    for summary in summaries:
        outcome = summary.outcomes[measure.name]
        if outcome.difference is None or not outcome.verdict:
            continue
        d, n = outcome.difference, measure.digits
        interval = f"{d.mean:+.{n}f}, {d.low:+.{n}f} to {d.high:+.{n}f}; "
        interval = interval if outcome.verdict in ("better", "worse") else ""
        sure = f" ({interval}{outcome.evidence} evidence)" if outcome.evidence != "none" else ""
        by_verdict.setdefault(outcome.verdict, []).append(summary.label + sure)
    clauses = [
        f"{word} {', '.join(by_verdict[key])}"
        for key, word in (
            ("better", "better than the baseline"),
            ("worse", "worse"),
            ("equivalent", f"equivalent within ±{measure.margin:g} {measure.unit}".rstrip()),
            ("cannot conclude", "cannot conclude for"),
        )
        if key in by_verdict
    ]
    unit = f" ({measure.unit})" if measure.unit else ""
    return f"By {measure.name}{unit}: {'; '.join(clauses)}." if clauses else ""


def how_sure(record: Record, summaries: list[Summary]) -> str:
    """Return what the intervals mean, what the claims hold for, and what could have been found."""
    arms = [
        summary
        for summary in summaries
        if any(outcome.p_adjusted is not None for outcome in summary.outcomes.values())
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
    deciders = deciding(record)
    claims = f"{counted(len(arms), 'arm')} and {counted(len(deciders), 'measure')}"
    return (
        f"{kind} Claims of better and worse hold together at 5 % for {claims} (Holm). "
        + _what_could_be_found(record, deciders, arms)
    ).rstrip()


def _what_could_be_found(record: Record, deciders: list[Measure], arms: list[Summary]) -> str:
    """Return which differences these pairs find; an impossible one is not offered as a size."""
    least = [
        (measure, value)
        for measure in deciders
        if (value := _detectable(record, measure, arms)) is not None
    ]
    sizes = [f"{value:.{m.digits}f} {m.unit}".rstrip() for m, value in least if value < m.most]
    text = f"Differences of about {' or '.join(sizes)} are found four times in five. "
    text = text if sizes else ""
    for measure, value in least:
        if value >= measure.most:
            text += (
                f"No difference in {measure.name} is likely to be found by so few pairs: it would "
                f"have to be more than the {measure.most:g} {measure.unit} that are possible. "
            )
    return text


def _detectable(record: Record, measure: Measure, arms: list[Summary]) -> float | None:
    """Return the difference that these pairs find with 80 % power, for the median arm."""
    paired = [summary.outcomes[measure.name].difference for summary in arms]
    finite = sorted((d.error, d.n) for d in paired if d and math.isfinite(d.error))
    if not finite:
        return None
    (error, n), share = finite[len(finite) // 2], overlap(record)
    level = ALPHA / (len(arms) * len(deciding(record)))  # Holm's first step
    # In standard errors, which hold the overlap already.
    effect = paired_differences.detectable(n, share, level) / math.sqrt(1 / n + share)
    return effect * error
