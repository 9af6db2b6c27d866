"""The inputs of a batch, and how those of floating type are moved."""

from __future__ import annotations

import keras

from regkit import RegkitError, Technique
from regkit.types import Nest, Tensor

__all__ = ["Inputs", "require_floats"]


class Inputs:
    """A nest of inputs; whole numbers (the indices of an embedding) stay as they are.

    Args:
        x: The nest.
        technique: The technique, which an error names.

    Raises:
        RegkitError: where no input is of floating type.
    """

    def __init__(self, x: Nest, technique: Technique) -> None:
        self._nest, self._flat = x, keras.tree.flatten(x)
        self._places = [place for place, part in enumerate(self._flat) if _is_float(part)]
        if not self._places:
            raise _refusal(technique, [part for part in self._flat if part is not None])

    @property
    def values(self) -> list[Tensor]:
        """The inputs of floating type."""
        return [self._flat[place] for place in self._places]

    def replaced(self, values: list[Tensor]) -> Nest:
        """Return the nest with other values for the inputs of floating type."""
        flat = list(self._flat)
        for place, value in zip(self._places, values, strict=True):
            flat[place] = keras.ops.cast(value, self._flat[place].dtype)
        return keras.tree.pack_sequence_as(self._nest, flat)


def require_floats(technique: Technique, model: keras.Model) -> None:
    """Refuse a model that declares inputs of whole numbers only, before the first step.

    Raises:
        RegkitError: for such a model. A model without declared inputs is checked in its first step.
    """
    declared = getattr(model, "inputs", None) or []
    if declared and not any(_is_float(x) for x in declared):
        raise _refusal(technique, declared)


def _refusal(technique: Technique, inputs: list[Tensor]) -> RegkitError:
    types = ", ".join(_dtype(x) for x in inputs)
    return RegkitError(
        f"{technique!r} moves inputs along a gradient, which needs an input of floating type; the "
        f'model\'s inputs are {types}. Convert images by x.astype("float32"); a model of tokens '
        "can begin at its embeddings"
    )


def _is_float(x: Tensor) -> bool:
    return x is not None and "float" in _dtype(x)


def _dtype(x: Tensor) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))
