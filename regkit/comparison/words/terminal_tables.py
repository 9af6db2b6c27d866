"""The tables on the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from regkit.comparison.record.results import Record
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import Outcome, Summary
from regkit.comparison.statistics.choice import alternatives
from regkit.comparison.statistics.measures import Measure
from regkit.comparison.words.folding import Folded
from regkit.comparison.words.verdict_text import repeats

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
    all_measures = measures.of_record(record)
    of_deciding = [
        _table(measure, record, summaries) for measure in all_measures if measure.decides
    ]
    title = f"{record.data['name']} · {record.settings['model']} · {repeats(record)}"
    of_deciding[0].title = title
    others = [m for m in all_measures if not m.decides]
    return [*of_deciding, _described(others, summaries), *_alternatives(all_measures[0], record)]


def _table(measure: Measure, record: Record, summaries: list[Summary]) -> Table:
    result = _empty(f"by {measure.name}")
    extra = ("gap", "cost") if measure == measures.of_record(record)[0] else ()
    head = "%" if measure.unit == "points" else measure.unit or "mean"
    for name in (head, "Δ", "95 % interval", "P(better)", "p", *extra):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("verdict", min_width=8)
    for summary in summaries:
        outcome = summary.outcomes[measure.name]
        more = (f"{summary.gap:.{measure.digits}f}", f"{summary.cost:.2f}×") if extra else ()
        cells = (*_cells(outcome, measure), *more, outcome.verdict)
        result.add_row(Folded(summary.label), *cells, style=COLOURS.get(outcome.verdict, ""))
    with_fits = {summary.arm for summary in summaries}
    for arm in (arm for arm in record.failures if arm not in with_fits):
        blank = [""] * (5 + len(extra))
        result.add_row(Folded(record.label(arm)), *blank, "failed", style=COLOURS["failed"])
    return result


def _described(measures_shown: list[Measure], summaries: list[Summary]) -> Table:
    """Return the table of the measures that give no verdicts, and of the training."""
    result = _empty("beside")
    names = []
    for measure in measures_shown:
        unit = f", {'%' if measure.unit == 'points' else measure.unit}" if measure.unit else ""
        names.append(measure.name + unit)
    for name in (*names, "best epoch", "peak memory", "zero weights"):
        two_lines = "\n".join(name.split(" ", 1))
        result.add_column(two_lines, justify="right", no_wrap=True)
    for summary in summaries:
        values = [f"{summary.outcomes[m.name].mean:.{m.digits}f}" for m in measures_shown]
        memory = "" if summary.peak_memory is None else f"{summary.peak_memory:.0f} MB"
        epoch, zeros = f"{summary.best_epoch:g}", f"{summary.sparsity:.0%}"
        result.add_row(Folded(summary.label), *values, epoch, memory, zeros)
    return result


def _alternatives(measure: Measure, record: Record) -> list[Table]:
    """Return the table of alternatives by their validation examples, where there are any."""
    arms = [found for arm in record.arms if (found := alternatives(record, arm))]
    if not arms:
        return []
    result = _empty(f"alternatives by validation {measure.name}")
    for name in ("%" if measure.unit == "points" else measure.unit or "mean", "±", "chosen"):
        result.add_column(name, justify="right", no_wrap=True)
    for found in arms:
        most = max(each.times_chosen for each in found)
        for each in found:
            numbers = [f"{v:.{measure.digits}f}" for v in (each.mean, each.standard_error)]
            cells = ["diverged", ""] if each.times_diverged else numbers
            chosen = f"{each.times_chosen} of {len(each.values)}"
            style = "bold" if each.times_chosen == most else ""
            result.add_row(Folded(each.recipe), *cells, chosen, style=style)
        result.add_section()
    return [result]


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
