"""The inputs of a batch, of which those of floating type may be moved."""

from __future__ import annotations

from typing import Any

import keras

from regkit import RegkitError, Technique

__all__ = ["Inputs", "require_floats"]

Tensor = Any


class Inputs:
    """A nest of inputs; whole numbers (the indices of an embedding) stay as they are.

    Args:
        x: The nest.
        technique: Who asks, for the message.

    Raises:
        RegkitError: where no input is of floating type.
    """

    def __init__(self, x: Any, technique: Technique) -> None:
        self._nest, self._flat = x, keras.tree.flatten(x)
        self._places = [place for place, one in enumerate(self._flat) if _is_float(one)]
        if not self._places:
            raise _refusal(technique, [one for one in self._flat if one is not None])

    @property
    def values(self) -> list[Tensor]:
        """The inputs of floating type."""
        return [self._flat[place] for place in self._places]

    def replaced(self, values: list[Tensor]) -> Any:
        """Return the nest with other values for the inputs of floating type."""
        flat = list(self._flat)
        for place, value in zip(self._places, values, strict=True):
            flat[place] = keras.ops.cast(value, self._flat[place].dtype)
        return keras.tree.pack_sequence_as(self._nest, flat)


def require_floats(technique: Technique, model: keras.Model) -> None:
    """Refuse a model that declares inputs of whole numbers only, before the first step.

    Raises:
        RegkitError: for such a model. One without declared inputs is looked at in its first step.
    """
    declared = getattr(model, "inputs", None) or []
    if declared and not any(_is_float(one) for one in declared):
        raise _refusal(technique, declared)


def _refusal(technique: Technique, inputs: list[Tensor]) -> RegkitError:
    found = ", ".join(_dtype(one) for one in inputs)
    return RegkitError(
        f"{technique!r} moves inputs along a gradient, which needs an input of floating type; the "
        f'model\'s inputs are {found}. Convert images by x.astype("float32"); a model of tokens '
        "can begin at its embeddings"
    )


def _is_float(x: Tensor) -> bool:
    return x is not None and "float" in _dtype(x)


def _dtype(x: Tensor) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))
