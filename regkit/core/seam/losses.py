"""TARGET: reach the targets of each output at the compiled loss, whatever structure they have.

Keras' `CompileLoss` matches targets to outputs and calls one loss for each. Those calls are where
TARGET acts: the targets are changed there, once, and where they become probabilities a sparse
crossentropy is replaced by the dense one that equals it. The metrics never see any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import losses, ops

from regkit.core.errors import AttachError
from regkit.core.stages import Target

__all__ = [
    "DenseCrossentropy",
    "compiled",
    "describe",
    "make_target",
    "retargeted",
    "target_of_plain_y",
]

Tensor = Any
Change = Callable[[Target], Target]

_KINDS = {
    losses.categorical_crossentropy: "categorical",
    losses.categorical_focal_crossentropy: "categorical",
    losses.kl_divergence: "categorical",
    losses.sparse_categorical_crossentropy: "sparse",
    losses.binary_crossentropy: "binary",
    losses.binary_focal_crossentropy: "binary",
}


def describe(loss: Any) -> tuple[str, dict[str, Any]]:
    """Return the kind of a compiled loss and the options that it was made with."""
    return _KINDS.get(getattr(loss, "fn", None), "other"), dict(getattr(loss, "_fn_kwargs", {}))


def compiled(model: keras.Model) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (output name, kind, options) of every compiled loss; empty where there is none."""
    found = model._compile_loss
    if found is None or not found.built:
        return []
    return [(one.name, *describe(one.loss)) for one in found._flat_losses]


def make_target(y: Tensor, y_pred: Tensor, loss: Any, name: str) -> Target:
    """Return the target of one output, able to turn dense."""
    kind, options = describe(loss)
    axis = options.get("axis", -1)

    def to_dense(y: Tensor) -> Tensor:
        if kind == "sparse":
            return _one_hot(y, y_pred, axis, options.get("ignore_class"))
        return _floating(y)

    return Target(y, y_pred, kind, axis, name, to_dense)


def _one_hot(y: Tensor, y_pred: Tensor, axis: int, ignore: int | None) -> Tensor:
    if len(y.shape) == len(y_pred.shape) and y.shape[axis] == 1:
        y = ops.squeeze(y, axis=axis)
    y = ops.cast(y, "int32")
    valid = None if ignore is None else ops.not_equal(y, ignore)
    if valid is not None:
        y = ops.where(valid, y, 0)
    hot = ops.one_hot(y, y_pred.shape[axis], axis=axis, dtype=keras.config.floatx())
    if valid is not None:
        hot = hot * ops.expand_dims(ops.cast(valid, hot.dtype), axis)
    return hot


class DenseCrossentropy(losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """The crossentropy of a sparse loss for targets given as probabilities.

    Rows without mass stand for an ignored class: they cost nothing and do not count.
    """

    def __init__(self, sparse: losses.Loss) -> None:
        super().__init__(name=sparse.name, reduction=sparse.reduction, dtype=sparse.dtype)
        options = describe(sparse)[1]
        self._axis = options.get("axis", -1)
        self._from_logits = options.get("from_logits", False)
        self._ignores = options.get("ignore_class") is not None

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each example."""
        if self._ignores:
            counts = ops.sum(y_true, axis=self._axis, keepdims=True) > 0
            y_pred = ops.where(counts, y_pred, 0)
            y_true = ops.where(counts, y_true, 0)
        cost = ops.categorical_crossentropy(
            y_true, y_pred, from_logits=self._from_logits, axis=self._axis
        )
        if self._ignores:
            counts = ops.squeeze(counts, axis=self._axis)
            cost = ops.where(counts, cost, 0.0)
            keras.src.backend.set_keras_mask(cost, mask=counts)
        return cost


def retargeted(loss: Any, name: str, change: Change) -> Callable[..., Tensor]:
    """Return a loss that changes its targets first."""

    def call(y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        before = make_target(y_true, y_pred, loss, name)
        after = change(before)
        if after is before:
            return loss(y_true, y_pred, sample_weight)
        use = DenseCrossentropy(loss) if after.kind == "sparse" and after.is_dense else loss
        return use(after.y, y_pred, sample_weight)

    return call


def _floating(y: Tensor) -> Tensor:
    return ops.cast(y, keras.config.floatx())


def target_of_plain_y(y: Any, y_pred: Any, change: Change) -> Any:
    """Change targets for a model whose own `compute_loss` takes y as it is, without compiled loss.

    Raises:
        AttachError: for whole-number targets: they would have to become probabilities, which the
            model's own loss does not expect.
    """

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
