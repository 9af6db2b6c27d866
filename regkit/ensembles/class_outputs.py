"""What the outputs of a classifier mean: probabilities of classes, whatever its loss is.

Labels reach a model as 0…K−1. So it has K outputs, which are probabilities or logits; or for two
classes a single one, for the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from regkit.core.errors import RegkitError
from regkit.types import Array

__all__ = ["ClassOutputs", "class_outputs", "output_of"]

_SPARSE = "sparse_categorical_crossentropy"
# Keras' losses of a single output that is the probability of the second of two classes.
_OF_ONE = {
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "log_cosh",
}


class ClassOutputs:
    """Turns the outputs of a model into probabilities.

    Args:
        n_classes: The number of classes.
        n_outputs: The number of outputs: K, or 1 for two classes.
        activation: What makes probabilities of them: "softmax", "sigmoid", or None where they are.
        has_axis: Whether outputs have an axis, also of one.
    """

    def __init__(
        self, n_classes: int, n_outputs: int, activation: str | None, has_axis: bool = True
    ) -> None:
        self.n_classes, self.n_outputs = n_classes, n_outputs
        self.activation, self._has_axis = activation, has_axis

    def __call__(self, outputs: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities, (…, K), for outputs (…, n_outputs).

        Raises:
            RegkitError: for outputs that are no distributions where they should be.

        Example:
            >>> ClassOutputs(2, 2, None)([[0.25, 0.75]])
            array([[0.25, 0.75]])
            >>> ClassOutputs(2, 1, "sigmoid")([[0.0]])
            array([[0.5, 0.5]])
        """
        values = np.asarray(outputs, np.float64)
        values = values if self._has_axis else values[..., None]
        if self.activation == "softmax":
            powers = np.exp(values - values.max(axis=-1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
        if self.n_outputs == 1:
            p = 1 / (1 + np.exp(-values)) if self.activation == "sigmoid" else values
            return _distributions(np.concatenate([1 - p, p], axis=-1))
        return _distributions(values)


def _distributions(p: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = p.sum(axis=-1, keepdims=True)
    if not ((p >= -1e-3).all() and (p <= 1 + 1e-3).all() and np.allclose(sums, 1.0, atol=1e-2)):
        raise RegkitError(
            "the model's outputs are no probabilities, though its loss takes them for such, or "
            "does not say that they are logits. End it with a softmax (a sigmoid for one output), "
            "or compile it with SparseCategoricalCrossentropy(from_logits=True)"
        )
    p = np.clip(p, 0.0, 1.0)
    return np.asarray(p / p.sum(axis=-1, keepdims=True))  # float16 is coarse


def class_outputs(model: keras.Model, shape: tuple[int, ...], n_classes: int) -> ClassOutputs:
    """Return what the outputs of a model mean, by its loss and their shape.

    Args:
        model: A compiled model.
        shape: Of its output, (examples, …).
        n_classes: The number of classes, K.

    Raises:
        RegkitError: for another number of outputs, or a loss that does not take class numbers.
    """
    count = shape[-1] if len(shape) == 2 else 1 if len(shape) == 1 else 0
    if not (count == n_classes or (count == 1 and n_classes == 2)):
        raise RegkitError(
            f"of the model {model.name!r} the output has the shape {shape[1:]} for {n_classes} "
            f"classes; it needs {n_classes} outputs"
            + (", or a single one" if n_classes == 2 else "")
            + " (of a function that builds it, n_classes in its signature tells how many)"
        )
    name, from_logits = _loss_of(model.loss)
    one = count == 1
    allowed = _OF_ONE if one else {_SPARSE}
    if name is not None and name not in allowed:
        raise RegkitError(
            f"the loss {name} does not fit labels 0…{n_classes - 1} and {count} outputs: labels "
            f"reach the model as class numbers. Compile it with {_SPARSE}"
            + (", or binary_crossentropy for a single output" if n_classes == 2 else "")
        )
    kind = "sigmoid" if one else "softmax"
    return ClassOutputs(n_classes, count, kind if from_logits else None, len(shape) > 1)


def output_of(model: keras.Model, x: Any) -> Array:
    """Return a model's output for inputs.

    Raises:
        RegkitError: for a model with several outputs.
    """
    output = model(keras.tree.map_structure(keras.ops.convert_to_tensor, x), training=False)
    if not keras.ops.is_tensor(output):
        raise RegkitError(
            f"the models of an ensemble have one output; {model.name!r} has "
            f"{len(keras.tree.flatten(output))}"
        )
    return np.asarray(keras.ops.convert_to_numpy(output))


def _loss_of(loss: object) -> tuple[str | None, bool]:
    """Return the name of a loss of Keras' own, or None, and whether it takes logits."""
    given: object = keras.losses.get(loss) if isinstance(loss, str) else loss
    if isinstance(given, keras.losses.Loss):
        from_logits = getattr(given, "_fn_kwargs", {}).get("from_logits", False)
        function: Callable[..., Any] | None = getattr(given, "fn", None)
        is_own = type(given).__module__.startswith("keras.")
        return (function.__name__ if is_own and function else None), bool(from_logits)
    is_own = getattr(given, "__module__", "").startswith("keras.")
    return (given.__name__ if is_own and hasattr(given, "__name__") else None), False
