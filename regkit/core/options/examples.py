"""Data as an option: examples with their targets, in any form that `fit` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.core.options.bounds import Constraint

__all__ = ["Data"]


@dataclass(frozen=True)
class Data(Constraint):
    """Examples with their targets, as `fit` takes `validation_data`, or None.

    Example:
        >>> Data().check([[[0.5], [1.5]], [0, 1]])
        ([[0.5], [1.5]], [0, 1])
    """

    def describe(self) -> str:
        """Return the forms."""
        return (
            "(x, y) or (x, y, sample_weight) of as many examples each, a dataset or a generator of "
            "such batches, or None"
        )

    def check(self, value: object) -> Any:
        """Return the data, a list of parts as a tuple."""
        import keras  # it is slow to load, and options are declared where it is not needed

        if value is None or isinstance(value, keras.utils.PyDataset):
            return value
        if isinstance(value, list | tuple):
            if len(value) not in (2, 3) or len(self._sizes(value)) > 1:
                raise ValueError
            return tuple(value)
        if isinstance(value, str | dict | set) or hasattr(value, "shape"):
            raise TypeError  # examples without targets
        if not hasattr(value, "__iter__"):
            raise TypeError
        return value

    def _sizes(self, value: list[Any] | tuple[Any, ...]) -> set[int]:
        import keras

        return {len(part) for part in keras.tree.flatten(list(value)) if getattr(part, "shape", ())}

    def bad_values(self) -> list[Any]:
        """Return examples without targets, and wrong types."""
        import numpy as np

        return [3, "data", {"x": 1}, (), ([1.0],), [1, 2, 3, 4], [np.zeros(2), np.zeros(3)]]

    def show(self, value: object) -> str:
        """Return the size or the class in the place of the numbers."""
        if isinstance(value, tuple):
            sizes = self._sizes(value)
            return f"<{max(sizes)} examples>" if sizes else f"<{type(value).__name__}>"
        return f"<{type(value).__name__}>"
