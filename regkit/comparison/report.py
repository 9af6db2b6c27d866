"""The result of a comparison: printed as tables, saved as numbers, figures and a page."""

from __future__ import annotations

import importlib
import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from regkit.comparison import figures, page
from regkit.comparison.record import results
from regkit.comparison.statistics import analysis, measures
from regkit.comparison.words import terminal_tables, verdict_text
from regkit.comparison.words.console import standard_output
from regkit.comparison.words.headline import headline
from regkit.comparison.words.recommendation import recommendation
from regkit.core.errors import RegkitError, suggest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison"]


class Comparison:
    """What a comparison found.

    In a notebook it shows itself: verdict, forest plot and tables.

    Attributes:
        record: Every fit, the settings, the data and the environment.
    """

    def __init__(self, record: results.Record) -> None:
        self.record = record

    @cached_property
    def summaries(self) -> list[analysis.Summary]:
        """One summary an arm, the baseline's first."""
        return analysis.summarize(self.record)

    @property
    def text(self) -> str:
        """What was done and what follows from it, in words."""
        return verdict_text.in_words(self.record, self.summaries)

    @property
    def interrupted(self) -> bool:
        """Whether the user ended it before all was done."""
        return self.record.stopped == "interrupted"

    @property
    def failed(self) -> bool:
        """Whether an arm failed, or it was cut short otherwise than by the user."""
        return bool(self.record.failures or (self.record.stopped and not self.interrupted))

    def show(self, console: Console | None = None) -> None:
        """Print the tables and the verdict."""
        console = console or standard_output()
        for table in terminal_tables.tables(self.record, self.summaries):
            console.print(table)
        console.print(terminal_tables.caption(self.record), style="dim", highlight=False)
        sentences = (
            headline(self.record, self.summaries),
            recommendation(self.record, self.summaries),
        )
        for sentence in sentences:
            console.print(sentence, style="bold", markup=False, highlight=False)
        console.print(self.text, markup=False, highlight=False)

    def __str__(self) -> str:
        buffer = io.StringIO()
        self.show(Console(file=buffer, width=100, color_system=None))
        return buffer.getvalue().rstrip()

    def __repr__(self) -> str:
        verdicts = ", ".join(
            f"{summary.label}: {summary.verdicts}" for summary in self.summaries[1:]
        )
        return f"Comparison({verdicts})"

    def _repr_html_(self) -> str:
        return page.fragment(self.record, self.summaries)

    def table(self) -> Any:
        """Return the numbers, one row for each arm and measure.

        A pandas `DataFrame` where pandas is installed, else a list of dicts with the same columns:
        arm, recipe (its text), measure, unit, mean, difference, low and high (its 95 % interval),
        p_better, p_equivalent (the probability that it is within the margin), p (after Holm),
        verdict, evidence, and of the arm gap, cost, best_epoch, peak_memory and sparsity. What is
        not known is None.
        """
        rows = [
            _row(self.record.arms[summary.arm], summary, measure)
            for summary in self.summaries
            for measure in measures.of_record(self.record)
        ]
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    def plot(self, kind: str = "forest") -> Figure:
        """Return a figure, to be shown in a notebook or saved with `.savefig(path)`.

        Args:
            kind: "forest" (differences with intervals), "curves" (of learning), "dots" (the
                difference on each split), "reliability" (of a classification's probabilities),
                "cost" (difference against time) or "alternatives" (which of them were chosen).

        Raises:
            RegkitError: for another kind, or where the task has no such figure.
        """
        if kind not in figures.FIGURES:
            known = ", ".join(figures.FIGURES)
            near = suggest(str(kind), figures.FIGURES)
            raise RegkitError(f"no figure {kind!r}; there are {known}{near}")
        with figures.style():
            return figures.FIGURES[kind](self.record, self.summaries)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return the report, one page that needs no other file; write it where a path is given."""
        text = page.render(self.record, self.summaries)
        if path is not None:
            Path(path).write_text(text, "utf-8")
        return text

    def save(self, directory: str | Path, *, force: bool = False) -> list[Path]:
        """Write results.json, report.html, the forest plot and the learning curves.

        Returns:
            The paths of the files.

        Raises:
            RegkitError: where that would overwrite something and is not forced.
        """
        directory = Path(directory)
        results.check_output(directory, force)
        results.write(self.record, directory / "results.json", self.summaries)
        self.to_html(directory / "report.html")
        for kind in ("forest", "curves"):
            figure = self.plot(kind)
            for suffix in (".svg", ".png"):
                with figures.style():
                    figures.save(figure, directory / f"{kind}{suffix}")
        return [directory / name for name in results.FILES]

    @classmethod
    def load(cls, path: str | Path) -> Comparison:
        """Return the comparison of a `results.json`.

        Raises:
            RegkitError: where the file is missing or of another schema.
        """
        return cls(results.read(path))


def _row(
    recipe: str, summary: analysis.Summary, measure: measures.Measure
) -> dict[str, str | float | None]:
    """Return what is known of an arm by a measure."""
    outcome = summary.outcomes[measure.name]
    d = outcome.difference
    return {
        "arm": summary.arm,
        "recipe": recipe,
        "measure": measure.name,
        "unit": measure.unit,
        "mean": outcome.mean,
        "difference": None if d is None else d.mean,
        "low": None if d is None else d.low,
        "high": None if d is None else d.high,
        "p_better": outcome.p_better,
        "p_equivalent": outcome.p_practical and outcome.p_practical[1],
        "p": outcome.p_adjusted,
        "verdict": outcome.verdict,
        "evidence": outcome.evidence,
        "gap": summary.gap,
        "cost": summary.cost,
        "best_epoch": summary.best_epoch,
        "peak_memory": summary.peak_memory,
        "sparsity": summary.sparsity,
    }
