"""The result of a comparison: printed as a table, saved as numbers and figures."""

from __future__ import annotations

import io
import sys
from functools import cached_property
from pathlib import Path

from rich.console import Console

from regkit.comparison import analysis, figures, results, tables, verdict_text

__all__ = ["Comparison"]


class Comparison:
    """What a comparison found.

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

    def show(self, console: Console | None = None) -> None:
        """Print the tables and the verdict."""
        # What is not a terminal has no width; 100 columns hold the table.
        console = console or Console(width=None if sys.stdout.isatty() else 100)
        for table in tables.tables(self.record, self.summaries):
            console.print(table)
        console.print(tables.CAPTION, style="dim", highlight=False)
        console.print(self.text, markup=False, highlight=False)

    def __str__(self) -> str:
        buffer = io.StringIO()
        self.show(Console(file=buffer, width=100, color_system=None))
        return buffer.getvalue().rstrip()

    def __repr__(self) -> str:
        said = ", ".join(f"{one.arm}: {one.verdicts}" for one in self.summaries[1:])
        return f"Comparison({said})"

    def save(self, directory: str | Path, *, force: bool = False) -> list[Path]:
        """Write results.json, the forest plot and the learning curves; return their paths.

        Raises:
            RegkitError: where that would overwrite something and is not forced.
        """
        directory = Path(directory)
        results.check_output(directory, force)
        results.write(self.record, directory / "results.json", self.summaries)
        paths = [directory / name for name in results.FILES]
        with figures.style():
            drawn = {
                "forest": figures.forest(self.record, self.summaries),
                "curves": figures.curves(self.record, self.summaries),
            }
            for path in paths[1:]:
                figures.save(drawn[path.stem], path)
        return paths

    @classmethod
    def load(cls, path: str | Path) -> Comparison:
        """Return the comparison of a `results.json`.

        Raises:
            RegkitError: where the file is missing or of another schema.
        """
        return cls(results.read(path))
