"""What all members of a call have in common: the model, the data, how to train; checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.types import Array, Nest

__all__ = ["Training", "checked_training", "seen"]

_LISTS = (list, tuple, np.ndarray)


class How(TypedDict):
    """What of `Training` is taken as it is given."""

    epochs: int
    batch_size: int
    validation_batch_size: int
    shuffle: bool


@dataclass(frozen=True)
class Training:
    """How members are trained.

    Attributes:
        x: Inputs, arrays in any nest.
        y: Targets, likewise.
        examples: For each member the numbers of its examples.
        features: For each member the columns of x that it sees; None for all.
        weights: For each member the weights of all examples; or None.
        validation: (x, y) or (x, y, weights) to evaluate after each epoch, or None.
        epochs: The number of epochs.
        batch_size: The number of examples in a step; the last batch of an epoch has what is left.
        validation_batch_size: The same of the validation.
        shuffle: Whether each epoch has an order of its own.
    """

    x: Any
    y: Any
    examples: tuple[Array, ...]
    features: Array | None
    weights: Array | None
    validation: Any
    epochs: int
    batch_size: int
    validation_batch_size: int
    shuffle: bool

    @property
    def input_shape(self) -> Any:
        """The shape of an example: of one input, or a nest of them."""
        return keras.tree.map_structure(lambda array: tuple(array.shape[1:]), self.x_of(0))

    @property
    def n_classes(self) -> int | None:
        """The number of classes, where y holds their numbers, or is one-hot; else None."""
        y = self.y
        if not isinstance(y, np.ndarray) or y.ndim > 2:
            return None
        if y.ndim == 2 and y.shape[1] > 1:
            one_hot = np.isin(y, (0, 1)).all() and np.all(y.sum(axis=1) == 1)
            return y.shape[1] if one_hot else None
        return int(y.max()) + 1 if y.dtype.kind in "iu" else None

    def batch(self) -> tuple[Nest, ...]:
        """Return a first batch, by which a model is built."""
        some = slice(0, self.batch_size)
        x = self.x_of(0)
        parts = (x, self.y) if self.weights is None else (x, self.y, self.weights[0])
        return tuple(keras.tree.map_structure(lambda array: array[some], part) for part in parts)

    def x_of(self, place: int) -> Any:
        """Return the inputs as the member of a place sees them."""
        return seen(self.x, self.features, place)

    def validation_of(self, place: int) -> Any:
        """Return the validation as the member of a place sees it."""
        if self.validation is None:
            return None
        x, *others = self.validation
        return (seen(x, self.features, place), *others)


def seen(x: Any, features: Array | None, place: int) -> Any:
    """Return inputs as the member of a place sees them: their columns in the second axis.

    Example:
        >>> seen(np.array([[1, 2, 3]]), np.array([[0, 2]]), 0)
        array([[1, 3]])
    """
    return x if features is None else x[:, features[place]]


def checked_training(
    x: object,
    y: object,
    n_members: int,
    sample_weight: object,
    examples: Sequence[object] | None,
    features: Sequence[object] | None,
    validation_data: object,
    **how: Unpack[How],
) -> Training:
    """Return what was given as arrays.

    Raises:
        RegkitError: for lengths that do not agree, weights that sum to zero, missing examples.
    """
    inputs, targets = _arrays("x", x), _arrays("y", y)
    size = _length("x", inputs)
    if (others := _length("y", targets)) != size:
        raise RegkitError(f"x has {size} examples and y {others}; give as many of both")
    chosen = _examples(examples, n_members, size)
    weights = _weights(sample_weight, n_members, size, chosen)
    columns = _features(features, n_members, inputs)
    validation = _validation(validation_data, inputs)
    if columns is not None and validation and validation[0].shape[1:] != inputs.shape[1:]:
        raise RegkitError(
            f"x of validation_data must have the columns of x, {inputs.shape[1:]}; it has "
            f"{validation[0].shape[1:]}"
        )
    return Training(inputs, targets, chosen, columns, weights, validation, **how)


def _validation(given: object, x: object) -> Any:
    """Return the data to evaluate, as arrays in the form of the batches of training."""
    if given is None:
        return None
    if not isinstance(given, tuple) or len(given) not in (2, 3):
        raise RegkitError(
            "validation_data must be (x, y) or (x, y, sample_weight), as arrays; received "
            f"{type(given).__name__}"
            + (f" of {len(given)} parts" if isinstance(given, tuple) else "")
        )
    parts = given[:2] if given[-1] is None and len(given) == 3 else given
    names = [f"{name} of validation_data" for name in ("x", "y", "sample_weight")]
    arrays = tuple(_arrays(name, part) for name, part in zip(names, parts, strict=False))
    lengths = [_length(name, part) for name, part in zip(names, arrays, strict=False)]
    if len({*lengths}) != 1:
        raise RegkitError(
            f"the parts of validation_data must hold as many examples; they hold {lengths}"
        )
    structures = [_structure(part) for part in (x, arrays[0])]
    if structures[0] != structures[1]:
        raise RegkitError(
            f"x of validation_data must have the form of x: {structures[0]}; received "
            f"{structures[1]}"
        )
    return arrays


def _structure(nest: object) -> str:
    return str(keras.tree.map_structure(lambda _: "array", nest)).replace("'array'", "array")


def _arrays(name: str, nest: object) -> Any:
    """Return a nest with its leaves as arrays; a list of arrays is a tuple, as in `fit`."""
    if isinstance(nest, list) and nest and all(getattr(part, "ndim", 0) for part in nest):
        nest = tuple(nest)
    is_leaf = not isinstance(nest, dict | tuple) or nest == ()
    if is_leaf:
        return _array(name, nest)
    return keras.tree.map_structure(lambda part: _array(name, part), nest)


def _array(name: str, part: object) -> Array:
    is_array = isinstance(part, list | tuple) or hasattr(part, "__array__")
    if not is_array and (hasattr(part, "__iter__") or hasattr(part, "__getitem__")):
        raise RegkitError(
            f"{name} must be arrays, which every member reads in an order of its own; received "
            f"{type(part).__name__}. Train on data that streams one model at a time, by fit"
        )
    try:
        array = np.asarray(part)
    except ValueError:  # lists of lists of other lengths
        array = np.empty(0, object)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    if array.dtype.kind not in "biuf":
        raise RegkitError(
            f"{name} must be numbers; received {type(part).__name__} of {array.dtype}. Turn text "
            "and objects into numbers first"
        )
    if not array.ndim:
        raise RegkitError(f"{name} must hold examples; received the single number {part!r}")
    # as Keras does with what fit gets
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def _length(name: str, nest: object) -> int:
    lengths = {len(array) for array in keras.tree.flatten(nest)}
    if len(lengths) != 1 or 0 in lengths:
        raise RegkitError(
            f"{name} must hold examples, as many in each of its arrays; their lengths are "
            f"{sorted(lengths)}"
        )
    return lengths.pop()


def _examples(examples: Sequence[object] | None, n_members: int, size: int) -> tuple[Array, ...]:
    if examples is None:
        return tuple(np.arange(size) for _ in range(n_members))
    held = len(examples) if hasattr(examples, "__len__") else type(examples).__name__
    if held != n_members:
        raise RegkitError(
            f"examples must hold one array of numbers of examples for each of {n_members} members; "
            f"it holds {held}"
        )
    arrays = tuple(np.asarray(own) for own in examples)
    for member, own in enumerate(arrays):
        inside = own.ndim == 1 and own.dtype.kind in "iu" and own.size
        if not inside or own.min() < 0 or own.max() >= size:
            raise RegkitError(
                f"examples[{member}] must be whole numbers in [0, {size}), at least one: the "
                f"places in x of the examples that member {member} sees"
            )
    return arrays


def _features(features: Sequence[object] | None, n_members: int, x: object) -> Array | None:
    if features is None:
        return None
    if not isinstance(x, np.ndarray) or x.ndim < 2:
        raise RegkitError("features choose columns of x, which then must be one array with columns")
    rows = [np.asarray(own) for own in features] if isinstance(features, _LISTS) else []
    if len(rows) != n_members or len({row.shape for row in rows}) != 1:
        sizes = [row.size for row in rows] if rows else type(features).__name__
        raise RegkitError(
            f"features must hold an array of columns for each of {n_members} members, as many "
            f"columns in each; received {sizes}"
        )
    columns, count = np.stack(rows), x.shape[1]
    inside = columns.ndim == 2 and columns.dtype.kind in "iu" and columns.size
    if not inside or columns.min() < 0 or columns.max() >= count:
        raise RegkitError(
            f"features must be whole numbers in [0, {count}), at least one for each member: the "
            "columns of x that it sees"
        )
    return columns


def _weights(given: object, n_members: int, size: int, examples: tuple[Array, ...]) -> Array | None:
    if given is None:
        return None
    if isinstance(given, dict):
        raise RegkitError(
            "sample_weight must be one array, which counts for all outputs; received dict"
        )
    weights = _array("sample_weight", given).astype(keras.config.floatx())
    if weights.shape not in ((size,), (n_members, size)):
        raise RegkitError(
            f"sample_weight must have the shape ({size},), for all members, or ({n_members}, "
            f"{size}), a row for each; received {weights.shape}"
        )
    if not np.all(np.isfinite(weights)) or weights.min() < 0:
        raise RegkitError("sample_weight must be finite numbers of at least 0")
    weights = np.broadcast_to(weights, (n_members, size))
    for member, own in enumerate(examples):
        if not weights[member, own].sum() > 0:
            raise RegkitError(
                f"the weights of member {member} sum to zero on its examples, so it would learn "
                "nothing. Give some of them a weight above 0"
            )
    return weights
