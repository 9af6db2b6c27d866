"""How a result of strengths shows itself: as text, as a figure, as a file."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regkit.core.errors import RegkitError
from regkit.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["StrengthResult", "as_numbers"]

PICTURES = (".svg", ".png")


class StrengthResult(ABC):
    """A result that prints as a table with a sentence, draws a figure, and is written as JSON."""

    @abstractmethod
    def __str__(self) -> str:
        """Return the table, what it says in a sentence, and what to be careful about."""

    def __repr__(self) -> str:
        return str(self)

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return all numbers, in the types that JSON has; None for what is not known."""

    @abstractmethod
    def _draw(self, width: float) -> Figure: ...

    def figure(self, width: float = 6.4) -> Figure:
        """Return the figure, to be shown in a notebook.

        Args:
            width: In inches.
        """
        from regkit.comparison import figures

        with figures.style():
            return self._draw(width)

    def save(self, path: str | Path) -> Path:
        """Write the figure (.svg, .png) or the numbers (.json), and return the path.

        Args:
            path: The file; its folder must exist.

        Raises:
            RegkitError: for another suffix.
        """
        path = Path(path)
        if path.suffix == ".json":
            text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
            path.write_text(text + "\n", "utf-8")
            return path
        if path.suffix not in PICTURES:
            raise RegkitError(
                f"save writes the figure as {' or '.join(PICTURES)}, the numbers as .json; "
                f"received {str(path)!r}"
            )
        from regkit.comparison import figures

        with figures.style():
            figures.save(self.figure(), path)
        return path


def as_numbers(values: Array) -> Any:
    """Return an array as lists, with None for what is not finite.

    Example:
        >>> import numpy as np
        >>> as_numbers(np.array([[1.0, np.nan]]))
        [[1.0, None]]
    """
    if values.ndim:
        return [as_numbers(row) for row in values]
    return float(values) if math.isfinite(values) else None
