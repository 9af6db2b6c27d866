"""Labels of points that do not lie on each other."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from regkit.comparison.figures.look import INK, MUTED

__all__ = ["place_labels"]

# Offsets from the mark in points: to the right, then to the left, beside it, then farther.
ACROSS = (9, -9, 24, -24, 48, -48, 80, -80)
SIZE = 8.5  # points
UP = (0, 9, -9, 18, -18, 30, -30, 44, -44, 60, -60, 80, -80)


class Place(NamedTuple):
    """Where a label may stand: its offset in points, and the box it covers, in pixels."""

    dx: int
    dy: int
    box: Bbox


def place_labels(
    figure: Figure,
    axes: Axes,
    points: list[tuple[float, float, str]],
    bars: list[tuple[float, float, float]],
) -> None:
    """Write a label beside each point, where it covers no point, no bar and no other label.

    Each takes the nearest of a fixed list of places that is free and inside the axes, so the same
    points give the same figure; where none is free, the one that covers least. A thin line leads
    to a label that is not beside its point.

    Args:
        figure: The figure.
        axes: Where the points are; its limits must be final.
        points: (x, y, label).
        bars: (x, low, high) of vertical lines; the lines at y = 0 and x = 1 are kept free too.
    """
    figure.draw_without_rendering()  # settles the layout, hence the places on paper
    pixel = figure.dpi / 72
    marks = [tuple(axes.transData.transform((x, y))) for x, y, _ in points]
    taken = [Bbox.from_bounds(x, y, 0, 0).padded(5 * pixel) for x, y in marks]
    taken += [_line(axes, bar, pixel) for bar in bars if math.isfinite(bar[1])]
    taken += [_line(axes, (1.0, *axes.get_ylim()), pixel), _zero(axes, pixel)]
    top_first = sorted(zip(marks, points, strict=True), key=lambda pair: -pair[0][1])
    for (x, y), point in top_first:
        note = axes.text(0, 0, point[2], fontsize=SIZE, linespacing=1.05)
        size = note.get_window_extent()
        note.remove()
        places = _places(x, y, size.width, size.height, pixel)
        best = min(places, key=lambda place: _badness(place, taken, axes.bbox))
        taken.append(best.box.padded(3 * pixel))
        _write(axes, point, best)


def _write(axes: Axes, point: tuple[float, float, str], place: Place) -> None:
    """Write a label at its place."""
    x, y, text = point
    far = abs(place.dx) > 9 or abs(place.dy) > 9
    line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkB": 5}
    axes.annotate(
        text,
        (x, y),
        (place.dx, place.dy),
        textcoords="offset points",
        ha="left" if place.dx > 0 else "right",
        va="center",
        fontsize=SIZE,
        linespacing=1.05,
        color=INK,
        zorder=5,
        arrowprops=line if far else None,
    ).set_in_layout(False)


def _zero(axes: Axes, pixel: float) -> Bbox:
    """Return the box of the line at y = 0."""
    (left, zero), (right, _) = (axes.transData.transform((x, 0)) for x in axes.get_xlim())
    return Bbox.from_extents(left, zero - pixel, right, zero + pixel)


def _line(axes: Axes, bar: tuple[float, float, float], pixel: float) -> Bbox:
    """Return the box of a vertical line."""
    x, low, high = bar
    (left, bottom), (_, top) = (axes.transData.transform((x, y)) for y in (low, high))
    return Bbox.from_extents(left - pixel, min(bottom, top), left + pixel, max(bottom, top))


def _places(x: float, y: float, width: float, height: float, pixel: float) -> list[Place]:
    places = []
    for dx, dy in product(ACROSS, UP):
        left = x + dx * pixel - (width if dx < 0 else 0)
        box = Bbox.from_bounds(left, y + dy * pixel - height / 2, width, height)
        places.append(Place(dx, dy, box))
    return places


def _badness(place: Place, taken: list[Bbox], frame: Bbox) -> float:
    """Return how bad a place is: to cover others is worse than to be far."""
    covered = sum(_common(place.box, other) for other in taken)
    outside = place.box.width * place.box.height - _common(place.box, frame)
    return 1000 * (covered + outside) + abs(place.dx) + 1.5 * abs(place.dy) + (place.dx < 0)


def _common(box: Bbox, other: Bbox) -> float:
    """Return the area that two boxes share."""
    width = min(box.x1, other.x1) - max(box.x0, other.x0)
    height = min(box.y1, other.y1) - max(box.y0, other.y0)
    return float(max(width, 0.0) * max(height, 0.0))
