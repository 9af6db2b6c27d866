"""Comparisons on several data sets, and the arms' ranks over them."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, overload

from rich import box
from rich.console import Console
from rich.table import Table

from regkit.comparison import page
from regkit.comparison.report import Comparison
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.ranks import Ranking, rank
from regkit.comparison.words.console import standard_output
from regkit.comparison.words.folding import Folded
from regkit.comparison.words.headline import over_data_sets

__all__ = ["Comparisons", "folder_name"]

REPORT = "report.html"


class Comparisons(Sequence[Comparison]):
    """What was found on several data sets, one comparison each.

    Args:
        parts: The comparisons, with the same arms.
    """

    def __init__(self, parts: Sequence[Comparison]) -> None:
        self._parts = tuple(parts)

    @overload
    def __getitem__(self, index: int) -> Comparison: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Comparison, ...]: ...
    def __getitem__(self, index: int | slice) -> Comparison | tuple[Comparison, ...]:
        return self._parts[index]

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def interrupted(self) -> bool:
        """Whether the user ended it before all was done."""
        return any(comparison.interrupted for comparison in self)

    @property
    def failed(self) -> bool:
        """Whether an arm failed on any of the data sets."""
        return any(comparison.failed for comparison in self)

    @cached_property
    def ranking(self) -> Ranking:
        """The arms' ranks by the first measure; without those that failed on a data set."""
        first = self[0].record
        by_arm = {arm: [_score(comparison, arm) for comparison in self] for arm in first.arms}
        scores = {
            first.label(arm): [score for score in of_arm if score is not None]
            for arm, of_arm in by_arm.items()
            if None not in of_arm
        }
        return rank(scores, first.baseline, measures.of_record(first)[0].sign)

    def show(self, console: Console | None = None) -> None:
        """Print each comparison's tables and verdict, then the ranks over all."""
        console = console or standard_output()
        for comparison in self:
            comparison.show(console)
            console.print()
        console.print(_table(self.ranking))
        console.print(over_data_sets(self.ranking), markup=False, highlight=False)

    def __str__(self) -> str:
        buffer = io.StringIO()
        self.show(Console(file=buffer, width=100, color_system=None))
        return buffer.getvalue().rstrip()

    def __repr__(self) -> str:
        names = ", ".join(comparison.record.data["name"] for comparison in self)
        return f"Comparisons({names})"

    def to_html(self, path: str | Path | None = None) -> str:
        """Return the overview, and write it where a path is given.

        It ranks the arms, and leads to the report of each data set in a folder beside it.
        """
        contents = [(comparison.record, comparison.summaries) for comparison in self]
        addresses = [f"{folder_name(record.data['name'])}/{REPORT}" for record, _ in contents]
        text = page.overview(contents, addresses, self.ranking)
        if path is not None:
            Path(path).write_text(text, "utf-8")
        return text

    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write results and report of each data set into a folder of its own, and the overview.

        Returns:
            The path of the overview.

        Raises:
            RegkitError: where that would overwrite results and is not forced.
        """
        for comparison in self:
            name = folder_name(comparison.record.data["name"])
            comparison.save(Path(folder) / name, force=force)
        path = Path(folder) / REPORT
        self.to_html(path)
        return path


def folder_name(data: str) -> str:
    """Return the name of the folder for a data set, of letters that every system takes.

    Example:
        >>> folder_name("my table.csv")
        'my_table.csv'
    """
    return re.sub(r"[^\w.-]+", "_", data)


def _score(comparison: Comparison, arm: str) -> float | None:
    """Return an arm's score on a data set, None where it failed.

    It is the mean of the first measure; an error is a share of the target's deviation.
    """
    record = comparison.record
    fits = record.of(arm)
    # Without the baseline there would be no ranking: its fits before a failure stand for it.
    if not fits or (arm in record.failures and arm != record.baseline):
        return None
    measure = measures.of_record(record)[0]
    scale = record.data["target_scale"] if record.data["task"] == "regression" else 1.0
    return sum(measure.of(fit) for fit in fits) / len(fits) / scale


def _table(ranking: Ranking) -> Table:
    result = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    if ranking.friedman_p is not None:
        result.caption = f"Friedman's test that all arms are equal: p = {ranking.friedman_p:.3f}"
    for name in ("over all data sets", "mean rank", "p", "verdict"):
        side: Literal["left", "right"] = (
            "left" if name in ("over all data sets", "verdict") else "right"
        )
        result.add_column(name, justify=side)
    for arm in sorted(ranking.arms, key=ranking.mean_ranks.__getitem__):
        p = ranking.wilcoxon_p.get(arm, math.nan)
        cells = ("", "") if math.isnan(p) else (f"{p:.3f}", ranking.verdicts[arm])
        result.add_row(Folded(arm), f"{ranking.mean_ranks[arm]:.2f}", *cells)
    return result
