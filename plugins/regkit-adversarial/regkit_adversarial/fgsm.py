"""Adversarial training by the fast gradient sign method."""

from __future__ import annotations

import keras
from keras import ops

from regkit import Technique
from regkit.core.context import Context
from regkit.core.options import Share, Strength
from regkit.types import Number, Tensor
from regkit_adversarial.inputs import Inputs, require_floats

__all__ = ["FGSM", "sign_step"]


def sign_step(x: Tensor, gradient: Tensor, epsilon: Number) -> Tensor:
    """Return x + ε · sign(gradient), the worst point of a linear loss at a distance of ε in ‖·‖∞.

    Example:
        >>> moved = sign_step(ops.array([1.0, 1.0, 1.0]), ops.array([2.0, -3.0, 0.0]), 0.5)
        >>> [float(v) for v in moved]
        [1.5, 0.5, 1.0]
    """
    return x + ops.cast(epsilon, x.dtype) * ops.sign(gradient)


class FGSM(Technique):
    """Train on the clean batch and on a batch that is moved along the gradient of the loss.

    With J the training loss, including penalties of other techniques, the step minimizes

        (1 − w) · J(x) + w · J(x + ε · sign(∇x J(x)))

    where the moved inputs are constants. It acts at GRADIENT: the model, its metrics and its moving
    statistics see the clean batch only, and `loss` in History is J(x). A step makes three passes
    instead of one. Every input of floating type is moved; whole numbers stay as they are.

    Args:
        epsilon: ε, at least 0, in the units of the inputs: a number or a schedule. 0 leaves the
            step as it is.
        weight: w, in [0, 1], the share of the moved batch: a number or a schedule. 0 leaves the
            step as it is.

    Raises:
        OptionError: for an impossible option.
        RegkitError: where no input is of floating type.

    References:
        Goodfellow, Shlens and Szegedy 2015, Explaining and harnessing adversarial examples,
        section 6, with w = 0.5.

    Example:
        >>> FGSM(0.25)
        FGSM(epsilon=0.25)
    """

    def __init__(
        self,
        epsilon: Strength = 0.1,
        weight: Share = 0.5,
    ) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = weight

    def check(self, model: keras.Model) -> None:
        """Refuse a model whose inputs are all whole numbers."""
        require_floats(self, model)

    def gradient(self, gradients: list[Tensor], context: Context) -> list[Tensor]:
        """Return the gradients of the mixed loss."""
        inputs = Inputs(context.batch.x, self)
        _, input_gradients = context.value_and_grad(
            lambda values: context.loss_fn(inputs.replaced(values)), inputs.values
        )
        epsilon, weight = context.value(self.epsilon), context.value(self.weight)
        moved = inputs.replaced(
            [
                sign_step(x, gradient, epsilon)
                for x, gradient in zip(inputs.values, input_gradients, strict=True)
            ]
        )
        _, moved_gradients = context.value_and_grad(
            lambda weights: context.loss_fn(moved, weights), context.values
        )
        return [
            clean + ops.cast(weight, clean.dtype) * (adversarial - clean)
            for clean, adversarial in zip(gradients, moved_gradients, strict=True)
        ]
