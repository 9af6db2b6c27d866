"""Samples as one picture: a row for each example, before it and after it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from regkit.core.host.extras import require
from regkit.previewing.samples import Samples
from regkit.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["drawn_grid", "plain", "png_of", "shown_values"]

_SIDE = 1.1  # of a picture, in inches
_LINE = 0.28  # of the title, in inches


def shown_values(x: Array, low: float, high: float) -> Array:
    """Return images with values in [0, 1], grey ones without a channel, of more than three three.

    Args:
        x: (..., height, width, channels).
        low: What is shown black.
        high: What is shown white.

    Example:
        >>> shown_values(np.array([[[0.0], [5.0]]]), 0.0, 10.0).tolist()
        [[0.0, 0.5]]
    """
    span = high - low if high > low else 1.0
    values = np.clip((np.asarray(x, np.float64) - low) / span, 0.0, 1.0)
    values = np.nan_to_num(values)
    return values[..., 0] if x.shape[-1] in (1, 2) else values[..., :3]


def drawn_grid(samples: Samples, title: str, labels: list[str]) -> Figure:
    """Return a figure: a row for each example, first the image as it is, then the changed ones.

    All images have one scale, so that what is lighter or darker shows as such.

    Args:
        samples: The images.
        title: Above them, such as the recipe.
        labels: Of the examples; none, or one for each.
    """
    require(["matplotlib"], "compare")
    from matplotlib.figure import Figure

    rows, columns = len(samples.before), 1 + len(samples.after)
    tall = samples.after.shape[2] / samples.after.shape[3]
    height = rows * _SIDE * tall + 2 * _LINE
    figure = Figure(figsize=(columns * _SIDE + 0.5, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    finite = samples.before[np.isfinite(samples.before)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    for row in range(rows):
        pictures = [samples.before[row], *samples.after[:, row]]
        for column, picture in enumerate(pictures):
            axis = axes[row, column]
            axis.imshow(shown_values(picture, low, high), cmap="gray", vmin=0, vmax=1,
                        interpolation="nearest")  # fmt: skip
            plain(axis)
        if labels:
            axes[row, 0].set_ylabel(labels[row], rotation=0, ha="right", va="center", fontsize=8)
    axes[0, 0].set_title("before", fontsize=8)
    axes[0, columns // 2].set_title("after", fontsize=8)
    figure.suptitle(title, fontsize=9, wrap=True)
    return figure


def plain(axis: Any) -> None:
    """Take ticks and frame away from the axes of a picture."""
    axis.set_xticks([])
    axis.set_yticks([])
    for side in axis.spines.values():
        side.set_visible(False)


def png_of(figure: Figure) -> bytes:
    """Return a figure as a PNG file."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=150)
    return data.getvalue()
