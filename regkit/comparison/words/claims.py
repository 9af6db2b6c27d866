"""What a comparison claims: an arm is better or worse by a measure, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.measures import deciding
from regkit.comparison.words.verdict_text import size

__all__ = ["EVIDENCE", "Claim", "claims"]

# What each grade that `analysis.evidence` gives means.
EVIDENCE = {
    "none": "nothing could be concluded",
    "weak": "by fewer than 6 pairs",
    "moderate": "by 6 pairs or more",
    "strong": "p < 0.01 after Holm, by 10 pairs or more",
}


@dataclass(frozen=True)
class Claim:
    """That an arm is better or worse by a measure.

    Attributes:
        label: The arm as it is shown.
        verdict: "better" or "worse".
        size: By which measure, by how much, in which interval.
        evidence: How strong the evidence for this claim is, a key of EVIDENCE.
    """

    label: str
    verdict: str
    size: str
    evidence: str


def claims(record: Record, summaries: list[Summary]) -> list[Claim]:
    """Return the claims, measure by measure, what is better before what is worse.

    Args:
        record: What was measured.
        summaries: What is known of each arm.
    """
    return [
        Claim(
            summary.label, verdict, size(summary, measure), summary.outcomes[measure.name].evidence
        )
        for measure in deciding(record)
        for verdict in ("better", "worse")
        for summary in summaries
        if summary.outcomes[measure.name].verdict == verdict
    ]
