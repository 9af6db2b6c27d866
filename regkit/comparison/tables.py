"""The table on the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from regkit.comparison.analysis import MEASURES, Measure, Outcome, Summary
from regkit.comparison.results import Record
from regkit.comparison.verdict_text import repeats

__all__ = ["CAPTION", "tables"]

CAPTION = (
    "Test examples with clean labels. Δ: minus the baseline's, with its corrected interval. "
    "p: after Holm. gap: training minus test accuracy. cost: time of an epoch."
)

COLOURS = {"better": "bold green", "worse": "bold red", "equivalent": "cyan", "failed": "red"}


def tables(record: Record, summaries: list[Summary]) -> list[Table]:
    """Return a table for each measure: a row an arm, in the order in which they were named."""
    made = [_table(measure, record, summaries) for measure in MEASURES]
    made[0].title = f"{record.data['name']} · {record.settings['model']} · {repeats(record)}"
    return made


def _table(measure: Measure, record: Record, summaries: list[Summary]) -> Table:
    result = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title_style="bold",
    )
    result.add_column(f"by {measure.name}", overflow="fold", min_width=15)
    extra = ("gap", "cost") if measure is MEASURES[0] else ()
    heads = ("%" if measure.unit == "points" else measure.unit, "Δ", "95 % interval", "P(better)")
    for name in (*heads, "p", *extra):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("verdict", min_width=8)
    for one in summaries:
        outcome = one.outcomes[measure.name]
        more = (f"{one.gap:.1f}", f"{one.cost:.2f}×") if extra else ()
        cells = (*_cells(outcome, measure), *more, outcome.verdict)
        result.add_row(one.arm, *cells, style=COLOURS.get(outcome.verdict, ""))
    for arm in set(record.failures) - {one.arm for one in summaries}:
        blank = [""] * (5 + len(extra))
        result.add_row(arm, *blank, "failed", style=COLOURS["failed"])
    return result


def _cells(outcome: Outcome, measure: Measure) -> tuple[str, ...]:
    d, n = outcome.difference, measure.digits
    mean = f"{outcome.mean:.{n}f}"
    if d is None:
        return mean, "", "", "", ""
    p = "" if outcome.p_adjusted is None else f"{outcome.p_adjusted:.3f}"
    interval = f"{d.low:+z.{n}f} to {d.high:+z.{n}f}"
    return mean, f"{d.mean:+z.{n}f}", interval, f"{outcome.p_better:.2f}", p
