"""The tables on the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from regkit.comparison import measures
from regkit.comparison.analysis import Outcome, Summary
from regkit.comparison.folding import Folded
from regkit.comparison.measures import Measure
from regkit.comparison.results import Record
from regkit.comparison.verdict_text import repeats

__all__ = ["caption", "tables"]

COLOURS = {"better": "bold green", "worse": "bold red", "equivalent": "cyan", "failed": "red"}


def caption(record: Record) -> str:
    """Return what the columns mean, in short."""
    labels = "with clean labels" if record.data["task"] == "classification" else "only"
    gap = measures.of_record(record)[0].name
    return (
        f"Test examples {labels}. Δ: minus the baseline's, with its corrected interval. p: after "
        f"Holm. gap: by how much the training {gap} is better. cost: time of an epoch."
    )


def tables(record: Record, summaries: list[Summary]) -> list[Table]:
    """Return a table for each measure that decides, and one of what only describes."""
    known = measures.of_record(record)
    made = [_table(measure, record, summaries) for measure in known if measure.decides]
    made[0].title = f"{record.data['name']} · {record.settings['model']} · {repeats(record)}"
    return [*made, _described([m for m in known if not m.decides], summaries)]


def _table(measure: Measure, record: Record, summaries: list[Summary]) -> Table:
    result = _empty(f"by {measure.name}")
    extra = ("gap", "cost") if measure == measures.of_record(record)[0] else ()
    head = "%" if measure.unit == "points" else measure.unit or "mean"
    for name in (head, "Δ", "95 % interval", "P(better)", "p", *extra):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("verdict", min_width=8)
    for one in summaries:
        outcome = one.outcomes[measure.name]
        more = (f"{one.gap:.{measure.digits}f}", f"{one.cost:.2f}×") if extra else ()
        cells = (*_cells(outcome, measure), *more, outcome.verdict)
        result.add_row(Folded(one.label), *cells, style=COLOURS.get(outcome.verdict, ""))
    known = {one.arm for one in summaries}
    for arm in (one for one in record.failures if one not in known):
        blank = [""] * (5 + len(extra))
        result.add_row(Folded(record.label(arm)), *blank, "failed", style=COLOURS["failed"])
    return result


def _described(known: list[Measure], summaries: list[Summary]) -> Table:
    """Return the table of what is measured beside: no verdicts are given by it."""
    result = _empty("beside")
    names = []
    for measure in known:
        unit = f", {'%' if measure.unit == 'points' else measure.unit}" if measure.unit else ""
        names.append(measure.name + unit)
    for name in (*names, "best epoch", "peak memory", "zero weights"):
        two_lines = "\n".join(name.split(" ", 1))
        result.add_column(two_lines, justify="right", no_wrap=True)
    for one in summaries:
        values = [f"{one.outcomes[m.name].mean:.{m.digits}f}" for m in known]
        memory = "" if one.peak_memory is None else f"{one.peak_memory:.0f} MB"
        result.add_row(
            Folded(one.label), *values, f"{one.best_epoch:g}", memory, f"{one.sparsity:.0%}"
        )
    return result


def _empty(first: str) -> Table:
    result = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_style="bold")
    result.add_column(first, overflow="fold", min_width=15)
    return result


def _cells(outcome: Outcome, measure: Measure) -> tuple[str, ...]:
    d, n = outcome.difference, measure.digits
    mean = f"{outcome.mean:.{n}f}"
    if d is None:
        return mean, "", "", "", ""
    p = "" if outcome.p_adjusted is None else f"{outcome.p_adjusted:.3f}"
    interval = f"{d.low:+z.{n}f} to {d.high:+z.{n}f}"
    return mean, f"{d.mean:+z.{n}f}", interval, f"{outcome.p_better:.2f}", p
