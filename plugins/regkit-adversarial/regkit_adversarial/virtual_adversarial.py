"""Virtual adversarial training."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated

import keras
from keras import ops

from regkit import Technique
from regkit.core.context import Context
from regkit.core.options import Integer, Real, SeedOption, Strength
from regkit.types import Number, Tensor
from regkit_adversarial.inputs import Inputs, require_floats
from regkit_adversarial.predictions import predictions, require_classes

__all__ = ["VirtualAdversarial", "power_iteration", "unit"]


def unit(vectors: list[Tensor]) -> list[Tensor]:
    """Return each example's vector scaled to length 1; several tensors may hold its parts.

    A vector of zeros stays zero, and a tiny vector is not rounded to zero.

    Example:
        >>> [[float(v) for v in row] for row in unit([ops.array([[3e-30, 4e-30], [0.0, 0.0]])])[0]]
        [[0.6..., 0.8...], [0.0, 0.0]]
    """
    vectors = [ops.cast(part, "float32") for part in vectors]
    largest = functools.reduce(
        ops.maximum, [ops.max(ops.abs(_flat(part)), axis=1) for part in vectors]
    )
    scale = ops.where(largest > 0, largest, 1.0)
    vectors = [part / _broadcast(scale, part) for part in vectors]
    squares = sum(ops.sum(ops.square(_flat(part)), axis=1) for part in vectors)
    length = ops.sqrt(ops.maximum(squares, 1.0))  # after scaling the largest is 1, or all are 0
    return [part / _broadcast(length, part) for part in vectors]


def power_iteration(
    gradient: Callable[[list[Tensor]], list[Tensor]], start: list[Tensor], iterations: int
) -> list[Tensor]:
    """Return each example's direction after steps d ← unit(gradient(d)), as a constant.

    Where the gradient is a positive multiple of H·d, it turns towards the top eigenvector of H.

    Example:
        >>> diagonal = ops.array([4.0, 1.0])  # of H
        >>> directions = power_iteration(lambda d: [d[0] * diagonal], [ops.ones((1, 2))], 20)
        >>> [round(float(v), 3) for v in directions[0][0]]
        [1.0, 0.0]
    """
    direction = unit(start)
    for _ in range(iterations):
        direction = unit([ops.stop_gradient(part) for part in gradient(direction)])
    return direction


class VirtualAdversarial(Technique):
    """Keep predictions from changing in the direction in which they change fastest.

    With p the model's distribution over classes and sg the value as a constant, it adds

        α · mean KL(sg p(x) ‖ p(x + ε·d)),   d ← unit(∇r KL(sg p(x) ‖ p(x + r)) at r = ξ·d)

    to the loss, where d begins as a random direction and is updated K times: a power iteration
    towards the top eigenvector of the Fisher information of the inputs. It needs no targets. Every
    output with a loss on classes counts, every input of floating type is moved, and the norm ‖·‖₂
    is of an example's inputs together. Moving statistics and metrics see the clean batch. A step
    costs K + 1 more passes, and one more forward pass.

    Args:
        strength: α, at least 0: a number or a schedule. 0 leaves the step as it is.
        epsilon: ε, at least 0, the length of the step in the units of the inputs: a number or a
            schedule. 0 leaves the step as it is. It is the option to tune.
        iterations: K, at least 1.
        xi: ξ, above 0, the length at which the gradient is taken. The paper has 1e-6, at which
            rounding of float32 affects the direction; in mixed_bfloat16 use 0.5 to 1.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        RegkitError: where no input is of floating type, or no loss is on classes.

    References:
        Miyato, Maeda, Koyama and Ishii 2018, Virtual adversarial training: a regularization method
        for supervised and semi-supervised learning, algorithm 1.

    Example:
        >>> VirtualAdversarial(epsilon=2.0)
        VirtualAdversarial(epsilon=2.0)
    """

    def __init__(
        self,
        strength: Strength = 1.0,
        epsilon: Strength = 1.0,
        *,
        iterations: Annotated[int, Integer(1)] = 1,
        xi: Annotated[float, Real(0, open_low=True)] = 0.1,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.strength = strength
        self.epsilon = epsilon
        self.iterations = iterations
        self.xi = xi
        self.seed = seed

    def check(self, model: keras.Model) -> None:
        """Refuse a model of whole numbers, and a model without an output on classes."""
        require_floats(self, model)
        require_classes(self, model)

    def penalty(self, context: Context) -> Tensor:
        """Return α times the mean divergence at the virtual adversarial step."""
        inputs = Inputs(context.batch.x, self)
        # Computed again rather than taken from the step: here Keras' random layers draw the same
        # numbers in every pass.
        clean = [(reading, ops.stop_gradient(p)) for reading, p in predictions(context)]

        def divergences(direction: list[Tensor], length: Number) -> list[Tensor]:
            pairs = zip(inputs.values, direction, strict=True)
            moved = predictions(context, inputs.replaced([x + length * d for x, d in pairs]))
            return [
                reading.divergence(p, q) for (reading, p), (_, q) in zip(clean, moved, strict=True)
            ]

        def total(direction: list[Tensor]) -> Tensor:
            return sum(ops.sum(part) for part in divergences(direction, self.xi))

        start = [context.draws.normal(ops.shape(x)) for x in inputs.values]
        direction = power_iteration(
            lambda d: context.value_and_grad(total, d)[1], start, self.iterations
        )
        worst = divergences(direction, context.value(self.epsilon))
        return context.value(self.strength) * sum(ops.mean(part) for part in worst)


def _flat(x: Tensor) -> Tensor:
    return ops.reshape(x, (ops.shape(x)[0], -1))


def _broadcast(numbers: Tensor, x: Tensor) -> Tensor:
    """Return one number for each example, in a shape that broadcasts with x."""
    return ops.reshape(numbers, (-1, *[1] * (len(x.shape) - 1)))
