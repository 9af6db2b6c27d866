"""The tables of the report: what is in their cells, and by what they are sorted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import Outcome, Summary
from regkit.comparison.statistics.choice import alternatives
from regkit.comparison.statistics.measures import Measure
from regkit.comparison.statistics.ranks import Ranking
from regkit.core.words import signed

__all__ = ["Cell", "Table", "of_measure", "of_ranking", "of_record"]

# The order in which verdicts are sorted.
ORDER = ("better", "equivalent", "cannot conclude", "worse", "failed")


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What is shown.
        value: What it is sorted by; None is always last.
        verdict: The verdict whose mark stands before the text, or empty.
        note: What stands below the text, in small.
    """

    text: str = ""
    value: float | None = None
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a row for each arm.

    Attributes:
        title: What it is.
        columns: The names of the columns after the arm's.
        rows: (arm, cells).
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def of_record(record: Record, summaries: list[Summary]) -> list[Table]:
    """Return a table for each measure that decides, one of the others and one of the training."""
    all_measures = measures.of_record(record)
    deciding = [of_measure(m, record, summaries) for m in all_measures if m.decides]
    others = [m for m in all_measures if not m.decides]
    return [
        *deciding,
        _others(others, summaries),
        _training(all_measures[0], summaries),
        *_alternatives(all_measures[0], record),
    ]


def of_measure(measure: Measure, record: Record, summaries: list[Summary]) -> Table:
    """Return the table of a measure that decides."""
    free = any(arm.outcomes[measure.name].p_permutation is not None for arm in summaries)
    extra = ("p (permutation)",) if free else ()
    columns = (_head(measure), *_difference_heads(measure), "P(better)", "P(equivalent)", "p")
    rows = []
    for summary in summaries:
        outcome = summary.outcomes[measure.name]
        cells = (*_cells(outcome, measure), *_probabilities(outcome))
        more = (_p(outcome.p_permutation),) if free else ()
        verdict = _verdict(outcome.verdict, outcome.evidence)
        rows.append((summary.label, (*cells, *more, verdict)))
    for arm in record.failures:
        if arm not in {summary.arm for summary in summaries}:
            blank = (Cell(),) * (len(columns) + len(extra))
            rows.append((record.label(arm), (*blank, _verdict("failed"))))
    within = f", equivalent within ±{measure.margin:g}" if measure.margin else ""
    better = "more" if measure.sign > 0 else "less"
    title = f"By {measure.name} ({better} is better{within})"
    return Table(title, (*columns, *extra, "verdict"), tuple(rows))


def of_ranking(ranking: Ranking) -> Table:
    """Return the table of ranks over data sets, the best arm first."""
    rows = []
    for arm in sorted(ranking.arms, key=ranking.mean_ranks.__getitem__):
        place = ranking.mean_ranks[arm]
        verdict = _verdict(ranking.verdicts.get(arm, ""))
        rows.append((arm, (Cell(f"{place:.2f}", place), _p(ranking.wilcoxon_p.get(arm)), verdict)))
    title = f"Ranks over {ranking.n} data sets (less is better)"
    return Table(title, ("mean rank", "p", "verdict"), tuple(rows))


def _others(shown: list[Measure], summaries: list[Summary]) -> Table:
    columns = tuple(name for m in shown for name in (_head(m), *_difference_heads(m)))
    rows = tuple(
        (arm.label, tuple(cell for m in shown for cell in _cells(arm.outcomes[m.name], m)))
        for arm in summaries
    )
    better, more = "less is better", " and ".join(m.name for m in shown if m.sign > 0)
    if more:
        better = f"more is better for {more}, less for the others"
    return Table(f"Other measures, without verdicts ({better})", columns, rows)


def _training(first: Measure, summaries: list[Summary]) -> Table:
    columns = (f"gap, {first.unit}".rstrip(", "), "cost", "best epoch", "peak memory",
               "zero weights")  # fmt: skip
    rows = tuple(
        (
            arm.label,
            (
                Cell(f"{arm.gap:.{first.digits}f}".replace("-", "−"), arm.gap),
                _known(arm.cost, f"{arm.cost:.2f}×"),
                Cell(f"{arm.best_epoch:g}", arm.best_epoch),
                _known(arm.peak_memory, f"{arm.peak_memory or 0:.0f} MB"),
                Cell(f"{100 * arm.sparsity:.0f} %", arm.sparsity),
            ),
        )
        for arm in summaries
    )
    return Table("Training", columns, rows)


def _alternatives(measure: Measure, record: Record) -> list[Table]:
    """Return the table of alternatives by their validation examples, where there are any."""
    rows = []
    for arm in record.arms:
        for each in alternatives(record, arm):
            mean, error = (
                _known(v, f"{v:.{measure.digits}f}") for v in (each.mean, each.standard_error)
            )
            mean = Cell("diverged") if each.times_diverged else mean
            chosen = Cell(f"{each.times_chosen} of {len(each.values)}", float(each.times_chosen))
            rows.append((each.recipe, (mean, error, chosen)))
    if not rows:
        return []
    columns = (f"validation {_head(measure)}", "standard error", "chosen in splits")
    return [Table("Alternatives, by the validation examples of each split", columns, tuple(rows))]


def _head(measure: Measure) -> str:
    unit = "%" if measure.unit == "points" else measure.unit
    return f"{measure.name}, {unit}" if unit else measure.name


def _difference_heads(measure: Measure) -> tuple[str, str]:
    return (f"Δ, {measure.unit}" if measure.unit else "Δ"), "95 % interval"


def _cells(outcome: Outcome, measure: Measure) -> tuple[Cell, Cell, Cell]:
    """Return the mean, the difference and its interval."""
    n, d = measure.digits, outcome.difference
    mean = Cell(f"{outcome.mean:.{n}f}".replace("-", "−"), outcome.mean)
    if d is None:
        return mean, Cell(), Cell()
    interval = Cell(f"{signed(d.low, n)} to {signed(d.high, n)}", d.low)
    if not math.isfinite(d.low):
        interval = Cell("one pair")
    return mean, Cell(signed(d.mean, n), d.mean), interval


def _probabilities(outcome: Outcome) -> tuple[Cell, Cell, Cell]:
    within = outcome.p_practical[1] if outcome.p_practical else None
    return _share(outcome.p_better), _share(within), _p(outcome.p_adjusted)


def _share(p: float | None) -> Cell:
    """Return a probability to two digits, never as 0 or 1."""
    if p is None:
        return Cell()
    text = "< 0.01" if p < 0.005 else "> 0.99" if p > 0.995 else f"{p:.2f}"
    return Cell(text, p)


def _p(p: float | None) -> Cell:
    if p is None:
        return Cell()
    return Cell("< 0.001" if p < 0.0005 else f"{p:.3f}", p)


def _known(value: float | None, text: str) -> Cell:
    return Cell() if value is None or not math.isfinite(value) else Cell(text, value)


def _verdict(verdict: str, evidence: str = "") -> Cell:
    if not verdict:
        return Cell()
    note = f"{evidence} evidence" if evidence not in ("", "none") else ""
    return Cell(verdict, float(ORDER.index(verdict)), verdict, note)
