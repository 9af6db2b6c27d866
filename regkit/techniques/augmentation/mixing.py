"""What techniques share that mix examples in pairs: partners, shares, and the targets' mixture."""

# Helper module: it has no technique.

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.stages import Batch, Target
from regkit.ops.precision import dtype_of, in_type, wide
from regkit.types import Schedule, Tensor

__all__ = ["mixed", "mixed_target", "note", "require_mixable", "shaped", "shares", "taken"]

_UNMIXABLE = ("boxes", "keypoints")


def mixed(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Return λ·own + (1 − λ)·other, in the type of `own`; whole numbers are rounded.

    Args:
        own: Of each example.
        other: Of its partner.
        share: λ, to broadcast with them.

    Example:
        >>> float(mixed(ops.array(1.0), ops.array(3.0), ops.array(0.25)))
        2.5
    """
    wider = wide(own)
    a, b, share = ops.cast(own, wider), ops.cast(other, wider), ops.cast(share, wider)
    # In this form an example with λ = 1 stays as it is, bit for bit.
    values = a + (1.0 - share) * (b - a)
    return in_type(values, dtype_of(own))


def shaped(share: Tensor, like: Tensor) -> Tensor:
    """Return numbers of shape (batch,) so that they broadcast with a tensor.

    Example:
        >>> tuple(shaped(ops.ones(3), ops.ones((3, 2, 2))).shape)
        (3, 1, 1)
    """
    return ops.reshape(share, (-1,) + (1,) * (len(like.shape) - 1))


def shares(
    size: Tensor | int,
    alpha: float | Schedule,
    probability: float | Schedule,
    context: Context,
) -> Tensor:
    """Return λ ~ Beta(α, α) for each example, and 1 for those that are not mixed.

    Args:
        size: The number of examples.
        alpha: α; at 0, which a schedule may reach, nothing is mixed.
        probability: The share of examples that are mixed.
        context: Of the step.
    """
    strength = ops.convert_to_tensor(context.value(alpha), "float32")
    mixes = strength > 0.0
    share = context.draws.beta(size, ops.where(mixes, strength, 1.0))
    if probability != 1.0:
        hit = context.draws.bernoulli((size,), context.value(probability))
        mixes = ops.logical_and(mixes, hit)
    return ops.where(mixes, share, 1.0)


def taken(x: Tensor, order: Tensor) -> Tensor:
    """Return the examples in another order."""
    return ops.take(x, order, axis=0)


def require_mixable(batch: Batch, owner: object) -> None:
    """Refuse what cannot be mixed: boxes, keypoints, weights that are not one for each example.

    Raises:
        AttachError: naming it.
    """
    for name, own in batch.annotations.items():
        if own.kind in _UNMIXABLE:
            where = "" if name is None else f" {name!r}"
            raise AttachError(
                f"{owner!r} mixes examples in pairs, and targets= names{where} {own.kind}, of "
                "which there is no mixture. Leave one of both out"
            )
    weights: Any = batch.sample_weight
    if weights is not None and len(getattr(weights, "shape", ())) != 1:
        raise AttachError(
            f"{owner!r} mixes examples in pairs, with one weight for each example; the sample "
            "weights here are of several outputs or of positions. Leave them out, or weight the "
            "outputs by loss_weights of compile"
        )


def note(batch: Batch, order: Tensor, share: Tensor, context: Context) -> Batch:
    """Note for TARGET what was mixed, and return the batch with its weights mixed.

    Of weights w the mixture has λ·w + (1 − λ)·w′, and the targets have the shares of these two: for
    a loss that is linear in the targets, as a crossentropy, it is the mixture of both losses.
    """
    weights: Any = batch.sample_weight
    if weights is not None:
        own = ops.cast(weights, share.dtype)
        both = mixed(own, taken(own, order), share)
        positive = both > 0
        part = share * own / ops.where(positive, both, 1.0)
        batch = batch.replace(sample_weight=ops.cast(both, weights.dtype))
        share = ops.where(positive, part, share)
    context.memo["mixed"] = order, share
    return batch


def mixed_target(target: Target, context: Context) -> Target:
    """Return a target mixed as `note` says: class numbers as probabilities, others as they are."""
    order, share = context.memo["mixed"]
    target = target if _is_a_number(target) else target.dense()
    y = ops.cast(target.y, wide(target.y))
    return target.replace(mixed(y, taken(y, order), shaped(share, y)))


def _is_a_number(target: Target) -> bool:
    """Return whether each example has one number of a regression, without an axis of its own."""
    if target.kind != "other" or keras.tree.is_nested(target.y_pred):
        return False
    shape = target.y_pred.shape
    return shape[-1] == 1 and len(target.y.shape) == len(shape) - 1
