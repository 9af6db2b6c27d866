"""How the fits were trained, in words: as members of one computation, or one after the other."""

from __future__ import annotations

from regkit.comparison.record.results import Record
from regkit.core.words import counted

__all__ = ["how_trained"]


def how_trained(record: Record) -> str:
    """Return which fits were members, why others were not, and where the cost comes from.

    Nothing where all were trained one after the other because that was asked for.
    """
    size, count = record.settings.get("group_size"), len(record.fits)
    members = sum(fit.engine == "vectorized" for fit in record.fits)
    sentences = []
    if members:
        which = "The fits" if members == count else f"{members} of {counted(count, 'fit')}"
        sentences.append(
            f"{which} were trained {size} at a time, as members of one computation. The cost and "
            "the peak memory of their arms are those of one more fit, trained by itself."
        )
    sentences += [
        f"{arms}: fits one after the other, because {reason}."
        for reason, arms in _by_reason(record).items()
    ]
    return " ".join(sentences)


def _by_reason(record: Record) -> dict[str, str]:
    """Return reason → arms, for arms that have fits."""
    arms: dict[str, list[str]] = {}
    for arm, reason in record.by_themselves.items():
        if record.of(arm):
            arms.setdefault(reason, []).append(record.label(arm))
    everything = sum(map(len, arms.values())) == len({fit.arm for fit in record.fits})
    return {
        reason: "All arms" if everything and len(arms) == 1 else ", ".join(labels)
        for reason, labels in arms.items()
    }
