"""A decoder with the weights of its encoder, transposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from regkit.core.errors import AttachError
from regkit.types import Tensor

__all__ = ["TiedDecoder", "dense_layers"]


@dataclass
class _Held:
    """Layers that belong to another model; a plain attribute, which Keras does not track."""

    layers: list[keras.layers.Dense]


def dense_layers(encoder: keras.Model) -> list[keras.layers.Dense]:
    """Return the dense layers of an encoder, in their order.

    Raises:
        AttachError: where it has weights elsewhere, or no dense layer.

    Example:
        >>> encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="code")])
        >>> [layer.name for layer in dense_layers(encoder)]
        ['code']
    """
    found = [layer for layer in encoder._flatten_layers() if layer.weights and not _inner(layer)]
    others = [layer.name for layer in found if type(layer) is not keras.layers.Dense]
    if others or not found:
        raise AttachError(
            "tied=True transposes the weights of dense layers; the encoder has "
            + (f"weights in {', '.join(map(repr, others))} too" if others else "none")
            + ". Give a decoder, or an encoder of Dense layers"
        )
    return found


def _inner(layer: keras.layers.Layer) -> bool:
    return len(list(layer._flatten_layers())) > 1


class TiedDecoder(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """The encoder backwards: h ← s(h·Wᵀ + b′) for each of its dense layers, with biases of its own.

    s is the activation of the layer before, at the end `output_activation`.

    Args:
        encoder: A built model of dense layers.
        output_activation: At the end.
        **kwargs: `name`, `dtype` and what else Keras' layers take.
    """

    def __init__(self, encoder: keras.Model, output_activation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._held = _Held(dense_layers(encoder))
        self._shape = tuple(encoder.input_shape[1:])
        layers = self._held.layers
        self.activations = [layer.activation for layer in layers[:-1]][::-1]
        self.activations.append(keras.activations.get(output_activation))
        self.biases = [
            self.add_weight(shape=(layer.kernel.shape[0],), initializer="zeros", name=f"bias_{k}")
            for k, layer in enumerate(reversed(layers))
        ]
        self.built = True

    def call(self, code: Tensor) -> Tensor:
        """Return what the code stands for, in the shape of the encoder's inputs."""
        steps = zip(reversed(self._held.layers), self.biases, self.activations, strict=True)
        for layer, bias, activation in steps:
            kernel = ops.cast(ops.transpose(layer.kernel), code.dtype)
            code = activation(ops.matmul(code, kernel) + ops.cast(bias, code.dtype))
        return ops.reshape(code, (-1, *self._shape))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the encoder's inputs."""
        return (input_shape[0], *self._shape)

    def plain(self) -> list[keras.layers.Layer]:
        """Return the same as Keras' own layers, built, with weights of their own."""
        layers, made = [*reversed(self._held.layers)], []
        for layer, bias, activation in zip(layers, self.biases, self.activations, strict=True):
            own = keras.layers.Dense(layer.kernel.shape[0], activation)
            own.build((None, layer.kernel.shape[1]))
            own.set_weights([ops.convert_to_numpy(layer.kernel).T, ops.convert_to_numpy(bias)])
            made.append(own)
        return [*made, keras.layers.Reshape(self._shape)]
