"""The worst examples of an audit, as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from regkit.auditing.risks import Risk
from regkit.core.host.extras import require
from regkit.previewing.grid import plain, shown_values
from regkit.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["drawn_risks"]

_MOST, _EACH, _SIDE = 8, 4, 0.7  # pairs; examples of each; inches of a picture


def drawn_risks(
    risks: Sequence[Risk],
    before: Array,
    after: Mapping[str, Array],
    real: Array,
    nearest: Mapping[str, Array],
    class_names: Sequence[str],
) -> Figure:
    """Return a figure: a row for each pair, of each example as it is, changed, and a real one.

    Args:
        risks: The pairs, of which the first eight are drawn.
        before: The images that were judged.
        after: The changed ones, by what was done.
        real: All real images.
        nearest: Which of these each changed one is nearest to, by what was done.
        class_names: Of the classes.
    """
    require(["matplotlib"], "compare")
    from matplotlib.figure import Figure

    shown = risks[:_MOST]
    columns = 3 * _EACH
    figure = Figure(
        figsize=(columns * _SIDE + 2.0, max(1, len(shown)) * _SIDE + 0.6), layout="constrained"
    )
    axes = figure.subplots(max(1, len(shown)), columns, squeeze=False)
    finite = before[np.isfinite(before)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    for axis in axes.flat:
        plain(axis)
    for row, risk in zip(axes, shown, strict=False):
        for k, place in enumerate(risk.examples[:_EACH]):
            pictures = (
                before[place],
                after[risk.change][place],
                real[nearest[risk.change][place]],
            )
            for axis, picture in zip(row[3 * k : 3 * k + 3], pictures, strict=True):
                axis.imshow(shown_values(picture, low, high), cmap="gray", vmin=0, vmax=1,
                            interpolation="nearest")  # fmt: skip
        names = class_names[risk.label], class_names[risk.looks_like]
        row[0].set_ylabel(
            f"{names[0]} → {names[1]}\n{risk.change}",
            rotation=0,
            ha="right",
            va="center",
            fontsize=7,
        )
    for k, heading in enumerate(("as it is", "changed", "like this real one") * _EACH):
        axes[0, k].set_title(heading, fontsize=6).set_in_layout(False)
    return figure
