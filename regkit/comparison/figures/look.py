"""What the figures share: colours, marks, and text that fits."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regkit.comparison.record.results import Record
from regkit.comparison.statistics.measures import Measure

__all__ = [
    "BETTER",
    "EQUAL",
    "FAINT",
    "GROUND",
    "INK",
    "MARKS",
    "MUTED",
    "NARROW",
    "WIDE",
    "WORSE",
    "entitle",
    "mark",
    "save",
    "style",
    "what",
    "with_unit",
    "wrap",
]

# Blue and orange differ for every eye. The report's page replaces each of these by a variable, so
# they must all be different.
INK, MUTED, FAINT, GROUND = "#1b2430", "#586472", "#e4e8ed", "#ffffff"
BETTER, WORSE, EQUAL = "#0b5fae", "#b04a00", "#3e4957"

# Verdict → marker, colour, whether it is filled: its shape alone tells it.
MARKS = {
    "better": ("^", BETTER, True),
    "worse": ("v", WORSE, True),
    "equivalent": ("s", EQUAL, True),
    "cannot conclude": ("o", MUTED, False),
    "failed": ("X", MUTED, False),
}
WIDE, NARROW = 8.8, 3.7  # inches: of a page, and of a telephone


@contextmanager
def style() -> Iterator[None]:
    """Draw in regkit's style within the block, whatever the user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": 9,
                "axes.labelsize": 8.5,
                "xtick.labelsize": 8.5,
                "ytick.labelsize": 8.5,
                "text.color": INK,
                "text.parse_math": False,  # a dollar in an arm's name is a dollar
                "axes.labelcolor": INK,
                "axes.edgecolor": MUTED,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "xtick.color": MUTED,
                "ytick.color": MUTED,
                "xtick.labelcolor": INK,
                "ytick.labelcolor": INK,
                "svg.fonttype": "none",  # text stays text: small files that can be searched
                "svg.hashsalt": "regkit",  # the same figure gives the same file
            }
        )
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the file's suffix."""
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, dpi=160, metadata=metadata, facecolor=GROUND)


def mark(axes: Axes, x: float, y: float, verdict: str) -> None:
    """Draw a verdict's mark at a place."""
    shape, colour, filled = MARKS.get(verdict, MARKS["cannot conclude"])
    ground = colour if filled else GROUND
    axes.plot(
        x, y, shape, color=colour, markerfacecolor=ground, markersize=7, zorder=4, clip_on=False
    )


def wrap(text: str, width: int = 24, lines: int = 3) -> str:
    """Return text in lines of at most `width`, broken where names of arms can be.

    Example:
        >>> print(wrap("elastic_distortion(relative_to=28)"))
        elastic_distortion(
        relative_to=28)
    """
    text = " ".join(text.split())
    pieces = re.findall(r"[^\s(,+_/]*[\s(,+_/]*", text)
    parts = [""]
    for piece in pieces:
        if parts[-1] and len((parts[-1] + piece).rstrip()) > width:
            parts.append("")
        parts[-1] += piece
    kept = [line for part in parts if part for line in textwrap.wrap(part, width) or [part.strip()]]
    if len(kept) > lines:
        kept = [*kept[: lines - 1], "".join(kept[lines - 1 :])[: width - 1] + "…"]
    return "\n".join(line.strip() for line in kept)


def with_unit(measure: Measure) -> str:
    """Return a measure's name with the unit of its differences."""
    return f"{measure.name}, {measure.unit}" if measure.unit else measure.name


def what(record: Record) -> str:
    """Return which data and model a figure is of."""
    noise = record.settings["label_noise"]
    labels = f", {100 * noise:.0f} % of the training labels redrawn" if noise else ""
    return f"{record.data['name']}, {record.settings['model']}{labels}"


def entitle(figure: Figure, text: str, width: float) -> None:
    """Give a figure a title that is no wider than it is."""
    lines = math.ceil(len(text) / (12 * width))
    wrapped = "\n".join(textwrap.wrap(text, len(text) // lines + 8))  # of about equal length
    figure.suptitle(wrapped, fontsize=10, ha="left", x=0.01)
