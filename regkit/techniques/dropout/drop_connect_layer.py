"""DropConnect as a layer around a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

import keras

from regkit.core import options, select
from regkit.core.draws import Draws, layer_draws
from regkit.core.errors import OptionError, SelectionError
from regkit.core.seam.patch import Change, Shadows
from regkit.core.seam.scope import Scope
from regkit.techniques.dropout import drop_connect
from regkit.techniques.dropout.masked_call import MaskedCall
from regkit.types import Nest, Shape, Tensor

__all__ = ["DropConnect"]


@keras.saving.register_keras_serializable(package="regkit")
class DropConnect(keras.layers.Wrapper):  # type: ignore[misc]  # Keras is untyped
    """Call a layer with a random part of its weights left out, in training only.

    y = a(Σ m·w·x/(1 − rate) + b) with m ~ Bernoulli(1 − rate), by the masks of the technique
    `regkit.DropConnect`, which does the same to a model without a layer in it. A model that holds
    this layer needs regkit where it is loaded; a model trained with the technique does not.

    Args:
        layer: The layer whose weights are masked; its shapes are this layer's.
        rate: The part that is left out, a number in [0, 1).
        mask: "gaussian", "example" or "batch".
        weights: Which weights, by name; the kernels by default.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        SelectionError: where the layer, once built, has no such weight.

    References:
        Wan et al. 2013, Regularization of neural networks using DropConnect.

    Example:
        >>> import numpy as np, regkit
        >>> layer = regkit.layers.DropConnect(keras.layers.Dense(3), rate=0.5)
        >>> layer(np.ones((2, 4))).shape == (2, 3)
        True
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        rate: float = 0.5,
        mask: str = "gaussian",
        *,
        weights: str | Sequence[str] = "kernel",
        seed: int | None = None,
        **kwargs: object,
    ) -> None:
        technique = drop_connect.DropConnect
        self.rate = options.checked(technique, "rate", rate)
        if not isinstance(self.rate, float):
            raise OptionError(
                f"DropConnect: the rate of a layer must be a number in [0, 1), not {rate!r}; a "
                "schedule needs the technique: callbacks=[regkit.DropConnect(schedule)]"
            )
        self.mask = options.checked(technique, "mask", mask)
        self.masked = options.checked(technique, "weights", weights)
        self.seed = options.checked(technique, "seed", seed)
        super().__init__(layer, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return the layer around a dense layer, for the conformance checks."""
        return [cls(keras.layers.Dense(3))]

    def build(self, input_shape: Nest | Shape = None) -> None:
        """Build the layer within, and check that it has the weights."""
        super().build(input_shape)
        if not select.weights_within(self.layer, self.masked):
            raise SelectionError(
                f"DropConnect: weights={self.masked!r} matches no trainable weight of "
                f"{self.layer.name!r}; it has {[weight.name for weight in self.layer.weights]}"
            )

    def call(self, inputs: Nest, training: bool | None = None) -> Nest:
        """Return what the layer computes, with masked weights where `training`."""
        if not training or self.rate == 0:
            return self.layer(inputs)
        surroundings = _OutsideOfStep(
            layer_draws(self.seed_generator.next(), "drop_connect"), self.layer
        )
        chosen = select.weights_within(self.layer, self.masked)
        weights = {place: weight.variable for place, weight in enumerate(chosen)}
        masked = MaskedCall(self.layer, weights, self.rate, surroundings)

        def call(
            original: Callable[..., Any], inputs: Nest, *args: object, **kwargs: object
        ) -> Nest:
            others = [*args, *kwargs.values()]
            return masked.by(self.mask, lambda x: original(x, *args, **kwargs), inputs, others)

        with Shadows().patched([Change(self.layer, "call", call)]):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape: Nest | Shape) -> Nest | Shape:
        """Return the shape of what the layer within computes."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the options."""
        own = {"rate": self.rate, "mask": self.mask, "weights": self.masked, "seed": self.seed}
        return {**super().get_config(), **own}


class _OutsideOfStep:
    """Draws and scopes for a layer that is called outside of regkit's training step."""

    def __init__(self, draws: Draws, layer: keras.layers.Layer) -> None:
        self.draws, self._layer = draws, layer

    def with_weights(
        self, variables: Sequence[keras.Variable], values: Sequence[Tensor]
    ) -> AbstractContextManager[object]:
        """Return a scope in which layers run with other values of some variables."""
        return Scope(zip(variables, values, strict=True), keep=True, model=self._layer)

    def with_attribute(
        self, target: object, name: str, change: Callable[[Any], Any]
    ) -> AbstractContextManager[object]:
        """Return a scope in which an attribute of a layer is another."""
        return Shadows().changed(target, name, change)
