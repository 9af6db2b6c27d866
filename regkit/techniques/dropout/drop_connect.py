"""DropConnect: a random part of the weights is set to zero in each training step."""

from __future__ import annotations

from typing import Annotated

import keras

from regkit.core import select
from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.options import Choice, LayerOption, Rate, SeedOption, WeightOption
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.techniques.dropout.masked_call import Call, MaskedCall
from regkit.types import Nest

__all__ = ["DropConnect"]


class DropConnect(Technique):
    """Leave out a random part of the weights in each step, on any model, built or not.

    y = a(Σ m·w·x/(1 − rate) + b) with m ~ Bernoulli(1 − rate) for each weight; dividing by
    1 − rate keeps the expectation of the sum, so that prediction needs no rescaling.

    - `mask="gaussian"`: every example has its own masks, by their first two moments: what is added
      to Σ w·x is normal with variance rate/(1 − rate)·Σ w²x². Exact to second moments where a
      kernel is used once for an example (a dense layer on vectors); where it is used at many
      places (a convolution, a sequence) each place is exact, and places are independent. About
      twice the cost of a dense step.
    - `mask="example"`: every example has its own masks, exactly; slow, in little memory.
    - `mask="batch"`: one mask a step.

    Layers that are not an activation of a linear map (recurrent, separable) get one mask a step
    with `"gaussian"` too: recurrent kernels as in the AWD-LSTM, `weights="recurrent_kernel"`.

    Args:
        rate: The part that is left out, in [0, 1); a number or a schedule. 0 leaves the step as it
            is.
        mask: "gaussian", "example" or "batch".
        layers: Which layers, see `regkit.core.select`; by default the hidden ones (every layer with
            a kernel but the outputs'). For a subclassed model name them. Frozen ones are left
            alone, unless they are named or all are frozen.
        weights: Which weights of them, by name; kernels by default. `["kernel", "bias"]` masks the
            biases too, as the paper does.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        SelectionError: at the start of `fit`, where nothing is matched.
        ConflictError: where two in a recipe mask the weights of one layer.
        AttachError: for a kernel that is quantized, or has LoRA factors beside it; with
            `mask="example"` for a recurrent layer that keeps its state over batches, or that is
            called with a mask or an initial state.

    References:
        Wan, Zeiler, Zhang, LeCun, Fergus 2013, Regularization of neural networks using DropConnect;
        Merity, Keskar, Socher 2018, Regularizing and optimizing LSTM language models, section 2.

    Example:
        >>> DropConnect(0.5, mask="batch", layers="hidden*")
        DropConnect(mask='batch', layers='hidden*')
    """

    default_arms = ("drop_connect",)
    search_words = ("weight dropout", "dropped connections", "Wan")
    phases = (Phase.WEIGHTS,)
    exclusive_on_layer = "mask on the weights"

    def __init__(
        self,
        rate: Rate = 0.5,
        mask: Annotated[str, Choice("gaussian", "example", "batch")] = "gaussian",
        *,
        layers: LayerOption = None,
        weights: WeightOption = "kernel",
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.rate = rate
        self.mask = mask
        self.layers = layers
        self.weights = weights
        self.seed = seed

    def check(self, model: keras.Model) -> None:
        """Refuse kernels that are no plain matrix, and example masks on layers that carry state."""
        for weight in self._chosen(model):
            self._require_plain(weight)
        for layer in self.select_layers(model) if self.mask == "example" else ():
            if getattr(layer, "stateful", False):
                raise AttachError(
                    f"{self!r}: {layer.name!r} keeps its state from batch to batch (stateful=True),"
                    ' so its examples cannot be run one by one; use mask="batch"'
                )

    def _chosen(self, model: keras.Model) -> list[select.Weight]:
        """Return the matched weights; by default without frozen ones, unless all are frozen."""
        layers = select.hidden_layers(model, self.layers, type(self).__name__)
        matched = select.weights_matching(model, layers, self.weights, frozen=True)
        trained = [weight for weight in matched if weight.variable.trainable]
        return matched if self.layers is not None else trained or matched

    def select_weights(self, model: keras.Model) -> list[keras.Variable]:
        """Return the masked variables."""
        return [weight.variable for weight in self._chosen(model)]

    def select_layers(self, model: keras.Model) -> list[keras.layers.Layer]:
        """Return the layers whose calls use the masked variables."""
        return select.callers(model, [weight.layer for weight in self._chosen(model)])

    def forward(self, call: Call, inputs: Nest, context: Context) -> Nest:
        """Return what the layer computes with its weights masked."""
        layer = context.layer
        assert layer is not None  # at FORWARD
        own = {id(variable) for variable in layer.weights}
        weights = {k: weight for k, weight in enumerate(context.weights) if id(weight) in own}
        masked = MaskedCall(layer, weights, context.value(self.rate), context)
        return masked.by(self.mask, call, inputs, context.other_arguments)

    def _require_plain(self, weight: select.Weight) -> None:
        """Refuse a quantized weight, and a kernel that LoRA has made a sum of two matrices.

        Raises:
            AttachError: naming the layer, and what to do.
        """
        layer, name = weight.layer, weight.variable.name
        if getattr(layer, "quantization_mode", None):
            raise AttachError(
                f"{self!r}: {layer.name!r} is quantized ({layer.quantization_mode}), and its "
                f"{name!r} holds integers, which cannot be masked. Name other layers by layers=, "
                "or use Dropout, which masks outputs of layers"
            )
        patterns = [self.weights] if isinstance(self.weights, str) else self.weights
        named = any("lora" in pattern for pattern in patterns)
        if getattr(layer, "lora_enabled", False) and not named:
            raise AttachError(
                f"{self!r}: with LoRA the kernel of {layer.name!r} is a frozen matrix plus a "
                "product of two factors; a mask on one part would not mask the sum. Name the "
                'factors, weights=["lora_kernel_a"], or use Dropout'
            )
