"""An ensemble as one plain Keras model: its members beside each other, and what combines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from regkit.ensembles.class_outputs import ClassOutputs
from regkit.ensembles.combining import Floats
from regkit.types import Array, Tensor

__all__ = ["plain_classifier", "plain_regressor"]


@dataclass(frozen=True)
class Beside:
    """Members that one model is to hold.

    Attributes:
        models: Their models, which become its own.
        columns: For each the columns of the inputs that it sees; None where all see all.
        shape: Of an example, before columns are chosen.
    """

    models: list[keras.Model]
    columns: list[Array] | None
    shape: tuple[int, ...]

    def called(self) -> tuple[Tensor, list[Tensor]]:
        """Return an input, and each member's output for it."""
        known = getattr(self.models[0], "inputs", None)
        inputs = keras.Input(self.shape, dtype=known[0].dtype if known else None)
        outputs = []
        for number, model in enumerate(self.models):
            model.name = f"member_{number}"
            own = None if self.columns is None else self.columns[number].tolist()
            outputs.append(model(inputs if own is None else ops.take(inputs, own, axis=1)))
        return inputs, outputs


def plain_classifier(
    members: Beside, meanings: list[ClassOutputs], way: str, weights: Floats | None
) -> keras.Model:
    """Return a model whose output is (examples, classes), probabilities or shares of the votes.

    Args:
        members: The members.
        meanings: What the outputs of each mean.
        way: "mean" or "vote".
        weights: How much each member counts.
    """
    inputs, outputs = members.called()
    p = [_distribution(own, meaning) for own, meaning in zip(outputs, meanings, strict=True)]
    if way == "vote":
        p = [ops.one_hot(ops.argmax(own, axis=-1), meanings[0].n_classes) for own in p]
    return keras.Model(inputs, _mean(p, weights), name="ensemble")


def plain_regressor(members: Beside, way: str, weights: Floats | None) -> keras.Model:
    """Return a model whose output is (examples, targets).

    Args:
        members: The members.
        way: "mean" or "median".
        weights: How much each member counts.
    """
    inputs, outputs = members.called()
    whole = [
        layers.Reshape((-1,), dtype=_exact())(own) if len(own.shape) < 2 else own for own in outputs
    ]
    combine = _median if way == "median" else _mean
    return keras.Model(inputs, combine(whole, weights), name="ensemble")


def _exact() -> str:
    """Return the type in which outputs are combined, also where members reckon in half of it."""
    return str(keras.config.floatx())


def _distribution(output: Tensor, meaning: ClassOutputs) -> Tensor:
    """Return probabilities of all classes."""
    if meaning.activation is not None:
        output = layers.Activation(meaning.activation, dtype=_exact())(output)
    if meaning.n_outputs > 1:
        return output
    p = layers.Reshape((1,), dtype=_exact())(output)
    return ops.concatenate([1.0 - p, p], axis=-1)


def _mean(outputs: list[Tensor], weights: Floats | None) -> Tensor:
    if len(outputs) == 1:
        return outputs[0]
    if weights is None:
        return layers.Average(dtype=_exact())(outputs)
    shares = np.asarray(weights) / np.sum(weights)
    return layers.Add(dtype=_exact())(
        [float(w) * own for w, own in zip(shares, outputs, strict=True)]
    )


def _median(outputs: list[Tensor], weights: Floats | None) -> Tensor:
    stack = ops.stack(outputs, axis=-1)
    if weights is None:
        return ops.median(stack, axis=-1)
    order = ops.argsort(stack, axis=-1)
    shares = [float(share) for share in np.asarray(weights) / np.sum(weights)]
    ordered_shares: Any = sum(
        share * ops.cast(ops.equal(order, number), stack.dtype)
        for number, share in enumerate(shares)
    )
    reached = ops.cumsum(ordered_shares, axis=-1) >= 0.5
    first = ops.expand_dims(ops.argmax(ops.cast(reached, "int32"), axis=-1), -1)
    ordered = ops.take_along_axis(stack, order, axis=-1)
    return ops.squeeze(ops.take_along_axis(ordered, first, axis=-1), axis=-1)
