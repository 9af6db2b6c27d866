"""Names in narrow columns of the terminal: broken where their parts end, not within words."""

from __future__ import annotations

import re

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

__all__ = ["Folded", "fold"]


def fold(name: str, width: int) -> list[str]:
    """Return the lines of a name: parts end at spaces and after `:`, `+`, `(`, `,`, `=` and `|`.

    A part that is too long for a line is broken after `_`, or else anywhere.

    Example:
        >>> fold("my-plugin:smoothed + l2", 12)
        ['my-plugin:', 'smoothed +', 'l2']
    """
    lines = [""]
    for part in re.findall(r"[^\s:+(,=|]*[\s:+(,=|]*", name):
        if lines[-1] and len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
        while len(lines[-1].rstrip()) > width:
            place = lines[-1].rfind("_", 0, width) + 1 or width
            lines[-1:] = [lines[-1][:place], lines[-1][place:]]
    return [line.strip() for line in lines if line.strip()]


class Folded:
    """A name as a cell of a Rich table.

    Args:
        name: The name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(fold(self.name, max(1, options.max_width))))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        whole = len(self.name)
        return Measurement(min(whole, 15), whole)
