"""A layer called with random parts of its weights set to zero: DropConnect's three masks."""

# Helper module: it has no technique.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import keras
from keras import layers as kinds
from keras import ops

from regkit.core.draws import Draws
from regkit.core.errors import AttachError
from regkit.core.seam.scope import Scope, same_precision
from regkit.ops import random as numbers
from regkit.ops.mapping import map_recomputed
from regkit.ops.precision import wide
from regkit.techniques.dropout.dropout import dropped
from regkit.types import Nest, Number, Tensor

__all__ = ["Call", "MaskedCall", "is_affine", "matched_noise", "safe_sqrt"]

# What a layer computes; only the layer knows the structure of its outputs.
Call = Callable[[Nest], Any]

# Layers whose `call` is activation(kernel · x + bias), where · is linear in both.
_AFFINE = (
    kinds.Dense, kinds.EinsumDense, kinds.Conv1D, kinds.Conv2D, kinds.Conv3D,
    kinds.Conv1DTranspose, kinds.Conv2DTranspose, kinds.Conv3DTranspose,
    kinds.DepthwiseConv1D, kinds.DepthwiseConv2D,
)  # fmt: skip
_AFFINE_CALLS = {cls.call for cls in _AFFINE}


def is_affine(layer: keras.layers.Layer) -> bool:
    """Return whether a layer applies an activation to kernel · x + bias, and nothing else.

    Example:
        >>> is_affine(kinds.Dense(3)), is_affine(kinds.LSTM(3))
        (True, False)
    """
    special = getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None)
    return type(layer).call in _AFFINE_CALLS and not special


def safe_sqrt(x: Tensor, floor: float = 0.0) -> Tensor:
    """Return √x where x > `floor`, and 0 with a gradient of 0 elsewhere.

    The gradient of a square root at 0 is infinite. The inner `where` keeps it from becoming a NaN.

    Example:
        >>> [float(root) for root in safe_sqrt(ops.array([4.0, 0.0]))]
        [2.0, 0.0]
    """
    positive = x > floor
    return ops.where(positive, ops.sqrt(ops.where(positive, x, ops.ones_like(x))), 0.0)


def matched_noise(variance: Tensor, noise: Tensor, rate: Number, floor: float = 0.0) -> Tensor:
    """Return noise · √(rate/(1 − rate) · variance), in the type that `precision.wide` names.

    With `variance` = Σ w²x² it has the second moments of Σ m·w·x/(1 − rate), m ~ Bernoulli
    (1 − rate), about its mean Σ w·x.

    Example:
        >>> float(matched_noise(ops.array(4.0), ops.array(-1.0), 0.5))
        -2.0
    """
    dtype = wide(variance, noise)
    spread = safe_sqrt(ops.cast(variance, dtype), floor)
    return spread * safe_sqrt(ops.cast(odds(rate), dtype)) * ops.cast(noise, dtype)


def odds(rate: Number) -> Number:
    """Return rate/(1 − rate), finite also where a schedule reaches 1.

    Example:
        >>> odds(0.75)
        3.0
    """
    return rate / (1.0 - rate) if isinstance(rate, float) else rate / ops.maximum(1.0 - rate, 1e-7)


class Surroundings(Protocol):
    """What a call with masked weights needs: draws, and scopes. The context of a step has them."""

    draws: Draws

    def with_weights(
        self, variables: Sequence[keras.Variable], values: Sequence[Tensor]
    ) -> AbstractContextManager[Any]:
        """Return a scope in which layers run with other values of some variables."""

    def with_attribute(
        self, target: keras.layers.Layer, name: str, change: Callable[[Any], Any]
    ) -> AbstractContextManager[Any]:
        """Return a scope in which an attribute of a layer is `change(attribute)`."""


@dataclass(frozen=True)
class MaskedCall:
    """The calls of one layer with masks on some of its weights.

    Attributes:
        layer: The layer.
        weights: The variables that are masked, each by the number of its draw.
        rate: The part that is set to zero: a number or a scalar tensor.
        surroundings: Draws and scopes.
    """

    layer: keras.layers.Layer
    weights: Mapping[int, keras.Variable]
    rate: Number
    surroundings: Surroundings

    def by(self, mask: str, call: Call, inputs: Nest, others: Sequence[object] = ()) -> Nest:
        """Call with the masks that the option `mask` names."""
        if mask == "example":
            return self.each(call, inputs, others)
        if mask == "gaussian" and is_affine(self.layer):
            return self.matched(call, cast(Tensor, inputs))
        return self.once(call, inputs)

    def once(self, call: Call, inputs: Nest) -> Nest:
        """Call with one mask of each weight, the same in every call of the step."""
        values = [
            self._masked(variable.value, self.surroundings.draws.key_at(place))
            for place, variable in self.weights.items()
        ]
        with self.surroundings.with_weights(list(self.weights.values()), values):
            return call(inputs)

    def each(self, call: Call, inputs: Nest, others: Sequence[object]) -> Nest:
        """Call for each example alone, with masks of its own.

        The masks are computed again for the gradient, so that only those of one example are in
        memory at a time.

        Raises:
            AttachError: where the call has other arguments that belong to the examples.
        """
        if any(len(getattr(other, "shape", ())) for other in keras.tree.flatten(list(others))):
            raise AttachError(
                f'mask="example": {self.layer.name!r} is called with a mask or a state beside its '
                'inputs, so its examples cannot be run one by one; use mask="batch"'
            )
        variables = [v for v in self.layer.trainable_variables if v.trainable]
        keys = {id(variable): self.surroundings.draws.key() for variable in self.weights.values()}
        values = [ops.convert_to_tensor(variable.value) for variable in variables]

        precision = same_precision()

        def call_one(example: tuple[Tensor, Nest], *values: Tensor) -> Nest:
            number, inputs = example
            masked = [
                self._masked(value, _of_example(keys[id(variable)], number, variable))
                if id(variable) in keys
                else value
                for variable, value in zip(variables, values, strict=True)
            ]
            with Scope(zip(variables, masked, strict=True)), precision():
                outputs = call(keras.tree.map_structure(lambda x: ops.expand_dims(x, 0), inputs))
            return keras.tree.map_structure(lambda y: ops.squeeze(y, 0), outputs)

        batch = ops.shape(keras.tree.flatten(inputs)[0])[0]
        return map_recomputed(call_one, (ops.arange(batch, dtype="int32"), inputs), values)

    def matched(self, call: Call, inputs: Tensor) -> Tensor:
        """Call an affine layer once, with noise that has the moments of masks for each example."""
        activation = self.layer.activation
        chosen = {id(variable) for variable in self.weights.values()}
        values = [
            variable.value if id(variable) in chosen else ops.zeros_like(variable.value)
            for variable in self.layer.weights
        ]
        half = keras.backend.standardize_dtype(inputs.dtype) == "float16"
        unit, scaled, values = self._in_range(inputs, values) if half else (1.0, inputs, values)
        with self.surroundings.with_attribute(self.layer, "activation", lambda _: _unchanged):
            mean = call(inputs)
            squares = [ops.square(value) for value in values]
            with self.surroundings.with_weights(self.layer.weights, squares):
                variance = call(ops.square(scaled))
        # Negated noise is subtracted, not noise added: TensorFlow's graph optimizer tries to fuse
        # product + bias + noise + activation, fails and prints many lines; a minus it leaves alone.
        noise = -self.surroundings.draws.normal(ops.shape(mean))
        added = matched_noise(variance, noise, self.rate, 1e-6 if half else 0.0)
        outputs = mean - ops.cast(added * unit if half else added, mean.dtype)
        return outputs if activation is None else activation(outputs)

    def _in_range(
        self, inputs: Tensor, values: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return a unit, and inputs and weights scaled to at most 1, whose products it multiplies.

        The squares of larger or smaller numbers may leave the range of float16.
        """
        bias = getattr(self.layer, "bias", None)
        size = _largest([inputs])
        values = [
            value / size if variable is bias else value
            for variable, value in zip(self.layer.weights, values, strict=True)
        ]
        weight_size = _largest(values)
        unit = ops.cast(size, "float32") * ops.cast(weight_size, "float32")
        return unit, inputs / size, [value / weight_size for value in values]

    def _masked(self, value: Tensor, key: numbers.Key) -> Tensor:
        return dropped(value, numbers.uniform(key, value.shape, wide(value)), self.rate)


def _of_example(key: numbers.Key, number: Tensor, variable: keras.Variable) -> numbers.Key:
    """Return the key at which the random numbers of one example begin."""
    size = 1
    for length in variable.shape:
        size *= length
    return key[0] + number * size, key[1]


def _largest(tensors: Sequence[Tensor]) -> Tensor:
    """Return the largest absolute value, or 1 where all are zero, as a constant for gradients."""
    largest = ops.max(ops.stack([ops.max(ops.abs(tensor)) for tensor in tensors]))
    return ops.stop_gradient(ops.where(largest > 0, largest, ops.ones_like(largest)))


def _unchanged(x: Tensor) -> Tensor:
    return x
