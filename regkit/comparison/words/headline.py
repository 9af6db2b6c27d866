"""The verdict in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from regkit.comparison.record.results import Record
from regkit.comparison.statistics.analysis import Summary
from regkit.comparison.statistics.measures import Measure, deciding
from regkit.comparison.statistics.ranks import Ranking, smallest_p
from regkit.comparison.words.verdict_text import size

__all__ = ["headline", "over_data_sets"]


def headline(record: Record, summaries: list[Summary]) -> str:
    """Return what a comparison found, in one sentence.

    It names the arm that is better by the first measure that finds any better, by most; then says
    of how many others the same, the contrary or nothing can be said.
    """
    measures = deciding(record)
    groups = _groups(record, summaries, measures)
    leading = [*groups["better"], *groups["mixed"]]
    clauses = []
    if leading:
        lead, measure = _lead(leading, measures)
        clauses.append(f"{lead.label} is better than the baseline by {size(lead, measure)}")
        if against := _by(lead, "worse", measures):
            clauses[0] += f", but worse by {against}"
        others = [arm for arm in groups["better"] if arm is not lead]
        if others:
            clauses.append(_better_too(others, measure, measures))
        groups["mixed"] = [arm for arm in groups["mixed"] if arm is not lead]
    elif len(summaries) == 2 and (only := summaries[1]) in groups["open"]:
        return f"Nothing can be concluded for {only.label}: {size(only, measures[0])}."
    elif any(groups[key] for key in ("worse", "equivalent", "open")):
        clauses.append("No arm is shown to be better than the baseline")
    clauses += _rest(groups, measures)
    if record.failures:
        failed = [record.label(arm) for arm in record.failures if arm != record.baseline]
        clauses += [f"{_name_or_count(failed)} failed"] if failed else []
    return "; ".join(clauses or ["No arm has a pair with the baseline to conclude from"]) + "."


def _better_too(others: list[Summary], measure: Measure, measures: list[Measure]) -> str:
    """Return which others are better, and by which measure where it is not the leading arm's."""
    labels = [arm.label for arm in others]
    more = labels[0] if len(others) == 1 else f"{len(others)} other arms"
    same = all(arm.outcomes[measure.name].verdict == "better" for arm in others)
    return f"{more} {_is(labels)} better{' too' if same else _by_all(others, 'better', measures)}"


def _groups(
    record: Record, summaries: list[Summary], measures: list[Measure]
) -> dict[str, list[Summary]]:
    """Return the arms by what their verdicts say together."""
    groups: dict[str, list[Summary]] = {
        key: [] for key in ("better", "mixed", "worse", "equivalent", "open")
    }
    for arm in summaries:
        verdicts = set(arm.verdicts.values())
        if arm.outcomes[measures[0].name].difference is None or arm.arm in record.failures:
            continue
        if {"better", "worse"} <= verdicts:
            groups["mixed"].append(arm)
        else:
            first = (key for key in ("better", "worse", "equivalent") if key in verdicts)
            groups[next(first, "open")].append(arm)
    return groups


def _lead(leading: list[Summary], measures: list[Measure]) -> tuple[Summary, Measure]:
    """Return the arm that is better by most, by the first measure that finds any better."""
    for measure in measures:
        better = [arm for arm in leading if arm.outcomes[measure.name].verdict == "better"]
        if better:
            return max(better, key=lambda arm: measure.sign * _mean(arm, measure)), measure
    raise AssertionError("an arm that leads is better by a measure")


def _mean(arm: Summary, measure: Measure) -> float:
    d = arm.outcomes[measure.name].difference
    return 0.0 if d is None else d.mean


def _by(arm: Summary, verdict: str, measures: list[Measure]) -> str:
    """Return the measures by which an arm has a verdict."""
    return " and ".join(m.name for m in measures if arm.outcomes[m.name].verdict == verdict)


def _rest(groups: dict[str, list[Summary]], measures: list[Measure]) -> list[str]:
    """Return what is said of the arms that do not lead."""
    clauses = []
    for key, word in (("mixed", "better by one measure, worse by another"),
                      ("worse", "worse"), ("equivalent", "equivalent")):  # fmt: skip
        if arms := [arm.label for arm in groups[key]]:
            by = "" if key == "mixed" else _by_all(groups[key], key, measures)
            clauses.append(f"{_name_or_count(arms)} {_is(arms)} {word}{by}")
    if unknown := groups["open"]:
        clauses.append(
            f"nothing can be concluded for {_name_or_count([arm.label for arm in unknown])}"
        )
    return clauses


def _by_all(arms: list[Summary], verdict: str, measures: list[Measure]) -> str:
    """Return by which measures arms have a verdict; of several nothing, where it is by all."""
    names = {_by(arm, verdict, measures) for arm in arms}
    if len(arms) > 1 and names == {" and ".join(measure.name for measure in measures)}:
        return ""
    return f" by {names.pop()}" if len(names) == 1 else " by some measure"


def _name_or_count(arms: Sequence[str]) -> str:
    """Return one arm's name, or how many they are."""
    return arms[0] if len(arms) == 1 else f"{len(arms)} arms"


def _is(arms: Sequence[str]) -> str:
    return "is" if len(arms) == 1 else "are"


def over_data_sets(ranking: Ranking) -> str:
    """Return what ranks over several data sets say, in one sentence.

    Example:
        >>> from regkit.comparison.statistics.ranks import rank
        >>> over_data_sets(rank({"none": [0.7, 0.8], "l2": [0.8, 0.9]}, baseline="none"))
        "Over 2 data sets nothing can be concluded: with so few, ... below 0.5; 6 are needed."
    """
    begin = f"Over {ranking.n} data sets"
    by_verdict = {
        word: [arm for arm, verdict in ranking.verdicts.items() if verdict == word]
        for word in ("better", "worse")
    }
    order = ranking.mean_ranks.__getitem__
    clauses = [
        f"{' and '.join(sorted(arms, key=order))} {_is(arms)} {word} than the baseline"
        for word, arms in by_verdict.items()
        if arms
    ]
    if clauses:
        return f"{begin}, {'; '.join(clauses)} (Wilcoxon's test, after Holm)."
    if ranking.smallest_p >= 0.05:
        others = len(ranking.arms) - 1
        needed = next(n for n in range(2, 99) if smallest_p(n, others) < 0.05)
        return (
            f"{begin} nothing can be concluded: with so few, Wilcoxon's test gives no p below "
            f"{ranking.smallest_p:.2g}; {needed} are needed."
        )
    return f"{begin} no arm is shown to be better or worse than the baseline."
