"""TARGET: what the targets of a loss are, and the loss with its targets changed first.

No loss is replaced but Keras' own sparse crossentropy, by the dense one that equals it. Another
loss is called itself: with changed targets where it takes probabilities, once for each class where
it takes class numbers (`class_losses.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import losses, ops

from regkit.core.errors import AttachError, ConflictError
from regkit.core.seam.class_losses import is_sparse_crossentropy, of_probabilities, options_of
from regkit.core.stages import Target
from regkit.ops.classes import one_hot
from regkit.types import Nest, Tensor

__all__ = ["compiled", "make_target", "retargeted", "target_of_plain_y"]

Change = Callable[[Target], Target]


# What the targets of Keras' losses on classes are; a class, and a subclass of it, has the function.
_KINDS = {
    losses.categorical_crossentropy: "categorical",
    losses.categorical_focal_crossentropy: "categorical",
    losses.kl_divergence: "categorical",
    losses.sparse_categorical_crossentropy: "sparse",
    losses.categorical_generalized_cross_entropy: "sparse",
    losses.binary_crossentropy: "binary",
    losses.binary_focal_crossentropy: "binary",
    # Those round their targets, or take them for something else than probabilities of classes.
    losses.hinge: "whole",
    losses.squared_hinge: "whole",
    losses.categorical_hinge: "whole",
    losses.circle: "whole",
    losses.ctc: "whole",
}


def _function(loss: losses.Loss) -> Any:
    return getattr(loss, "fn", None)


def _kind(loss: losses.Loss) -> str:
    return _KINDS.get(_function(loss), "other")


def compiled(model: keras.Model) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (output name, kind, options) of every compiled loss; empty where there is none."""
    losses_of_outputs = model._compile_loss
    if losses_of_outputs is None or not losses_of_outputs.built:
        return []
    flat = losses_of_outputs._flat_losses
    return [(entry.name, _kind(entry.loss), options_of(entry.loss)) for entry in flat]


def make_target(y: Tensor, y_pred: Tensor, loss: losses.Loss, name: str) -> Target:
    """Return the target of one output, able to turn dense."""
    kind, options = _kind(loss), options_of(loss)
    axis = options.get("axis", -1) if kind in ("categorical", "sparse") else -1
    numbers = _has_class_numbers(kind, y, y_pred)
    several = keras.tree.is_nested(y_pred)

    def to_dense(y: Tensor) -> Tensor:
        if several or kind == "whole":
            takes = "several outputs at once" if several else "whole labels"
            raise ConflictError(
                f"the loss {loss.name!r} of output {name!r} takes {takes}, not probabilities of "
                "classes, so its targets cannot be changed. Compile with a crossentropy for each "
                "output of classes"
            )
        if numbers:
            ignore = options.get("ignore_class")
            return _probabilities(y, y_pred, axis, ignore, is_sparse_crossentropy(loss))
        if kind != "binary" and not _agree(y.shape, y_pred.shape):
            raise ConflictError(
                f"the loss {loss.name!r} of output {name!r} takes targets of shape "
                f"{tuple(y.shape)} beside predictions of {tuple(y_pred.shape)}, which are no "
                "probabilities of its classes, so they cannot be changed"
            )
        return _floating(y)

    return Target(y, y_pred, kind, axis, name, to_dense)


def _has_class_numbers(kind: str, y: Tensor, y_pred: Tensor) -> bool:
    """Return whether targets are numbers of classes: by the loss, or else by their shape."""
    if keras.tree.is_nested(y_pred):  # one loss for several outputs
        return False
    if kind not in ("other", "whole") or y_pred.shape[-1] == 1:
        return kind == "sparse"
    outer = y_pred.shape[:-1]
    return _agree(y.shape, outer) or _agree(y.shape, (*outer, 1))


def _agree(left: Sequence[int | None], right: Sequence[int | None]) -> bool:
    """Return whether two shapes are one, as far as they are known."""
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(a is None or b is None or a == b for a, b in pairs)


def _probabilities(
    y: Tensor, y_pred: Tensor, axis: int, ignore: int | None, checked: bool
) -> Tensor:
    """Return class numbers as one-hot rows, of zeros for an ignored class.

    With `checked` a number that is no class is refused; else its row is of zeros too.
    """
    if len(y.shape) == len(y_pred.shape) and y.shape[axis] == 1:
        y = ops.squeeze(y, axis=axis)
    y = ops.cast(y, "int32")
    if not checked:  # they may be no numbers of classes at all, but what the user makes of them
        classes = y_pred.shape[axis]
        return ops.one_hot(ops.where(ops.logical_and(y >= 0, y < classes), y, -1), classes, axis)
    if ignore is None:
        return one_hot(y, y_pred.shape[axis], axis)
    valid = ops.not_equal(y, ignore)
    hot = one_hot(ops.where(valid, y, 0), y_pred.shape[axis], axis)
    return hot * ops.expand_dims(ops.cast(valid, hot.dtype), axis)


def retargeted(loss: losses.Loss, name: str, change: Change) -> Callable[..., Tensor]:
    """Return a loss that changes its targets first."""

    def call(y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        before = make_target(y_true, y_pred, loss, name)
        after = change(before)
        if after is before:
            return loss(y_true, y_pred, sample_weight)
        numbers = _has_class_numbers(_kind(loss), y_true, y_pred)
        use = of_probabilities(loss, before) if numbers and after.is_dense else loss
        return use(after.y, y_pred, sample_weight)

    return call


def _floating(y: Tensor) -> Tensor:
    return ops.cast(y, keras.config.floatx())


def target_of_plain_y(y: Nest, y_pred: Nest, change: Change) -> Any:
    """Change targets for a model whose own `compute_loss` takes y as it is, without compiled loss.

    Raises:
        AttachError: where there are no targets; for whole-number ones: they would have to become
            probabilities, which the model's own loss does not expect.
    """
    if y is None or y_pred is None:
        raise AttachError(
            "the model is trained without targets, so techniques that change targets have nothing "
            "to change. Leave them out, or give fit a y"
        )

    def one(y_leaf: Tensor, y_pred_leaf: Tensor) -> Tensor:
        kind = "binary" if y_pred_leaf.shape[-1] == 1 else "categorical"
        same = (
            len(y_leaf.shape) == len(y_pred_leaf.shape)
            and y_leaf.shape[-1] == y_pred_leaf.shape[-1]
        )
        if not same and kind == "categorical":
            raise AttachError(
                f"the model computes its own loss from targets of shape {tuple(y_leaf.shape)}, "
                "which look like class numbers; techniques that change targets need them one-hot, "
                "or a loss in compile()"
            )
        target = Target(y_leaf, y_pred_leaf, kind, -1, "", _floating)
        return change(target).y

    return keras.tree.map_structure(one, y, y_pred)
