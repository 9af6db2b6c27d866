"""Progress of many fits: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from regkit.comparison.words.console import Terminal

__all__ = ["FitProgress"]


class FitProgress:
    """Shows on standard error how many of the fits are done; as a context manager.

    Args:
        total: The number of fits.
        shown: Whether to show anything.
        done: How many were done before, by a study that is resumed.
    """

    def __init__(self, total: int, shown: bool = True, done: int = 0) -> None:
        self.total, self.done, self.before = total, done, done
        self.shown = shown
        self.start = self._said = time.perf_counter()
        self.console = Terminal(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description:<18}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("fits ·"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=self.console,
            disable=not (shown and self.console.is_terminal),
        )
        self._task = self._bar.add_task("", total=total, completed=done)

    def __enter__(self) -> FitProgress:
        self._bar.start()
        if self.before:
            self.note(f"resumed: {self.before} of {self.total} fits were done")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, arm: str) -> None:
        """Say which arm is being fitted."""
        self._bar.update(self._task, description=arm if len(arm) <= 18 else f"{arm[:17]}…")

    def advance(self, fits: int = 1) -> None:
        """Count fits that are done, or that will not be."""
        self.done += fits
        self._bar.advance(self._task, fits)
        now = time.perf_counter()
        # A log has no bar: a line at every tenth of a minute or so, and at the end.
        if self.shown and not self.console.is_terminal:
            if now - self._said < 10 and self.done < self.total:
                return
            self._said = now
            left = (now - self.start) / (self.done - self.before) * (self.total - self.done)
            self.console.print(
                f"{self.done}/{self.total} fits, {now - self.start:.0f} s, about {left:.0f} s left"
            )

    def note(self, message: str) -> None:
        """Print a line above the bar."""
        if self.shown:
            self.console.print(message, style="yellow", markup=False)
