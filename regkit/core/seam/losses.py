"""TARGET: reach the targets of each output at the compiled loss, whatever structure they have.

Keras' `CompileLoss` matches targets to outputs and calls one loss for each. Those calls are where
TARGET acts: the targets are changed there, once. The metrics never see any of it.

No loss is replaced but Keras' own sparse crossentropy, by the dense one that equals it. Another
loss is called itself. Where it takes class numbers it is called once for each class, and the values
are averaged with the changed probabilities as weights: the loss that is expected of a label drawn
from them, which is what a crossentropy of probabilities is too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import losses, ops
from keras.src.losses.losses import LossFunctionWrapper

from regkit.core.errors import AttachError, ConflictError
from regkit.core.stages import Target
from regkit.ops.classes import one_hot

__all__ = ["compiled", "make_target", "retargeted", "target_of_plain_y"]

Tensor = Any
Change = Callable[[Target], Target]

# What the targets of Keras' losses on classes are; of a subclass likewise.
_KINDS: dict[type, str] = {
    losses.CategoricalCrossentropy: "categorical",
    losses.CategoricalFocalCrossentropy: "categorical",
    losses.KLDivergence: "categorical",
    losses.SparseCategoricalCrossentropy: "sparse",
    losses.CategoricalGeneralizedCrossEntropy: "sparse",
    losses.BinaryCrossentropy: "binary",
    losses.BinaryFocalCrossentropy: "binary",
}
_KINDS_OF_FUNCTIONS = {
    losses.categorical_crossentropy: "categorical",
    losses.categorical_focal_crossentropy: "categorical",
    losses.kl_divergence: "categorical",
    losses.sparse_categorical_crossentropy: "sparse",
    losses.categorical_generalized_cross_entropy: "sparse",
    losses.binary_crossentropy: "binary",
    losses.binary_focal_crossentropy: "binary",
}
# Those round their targets, or take them for something else than probabilities of classes.
_WHOLE = (losses.Hinge, losses.SquaredHinge, losses.CategoricalHinge, losses.Circle, losses.CTC)
_WHOLE_FUNCTIONS = (
    losses.hinge,
    losses.squared_hinge,
    losses.categorical_hinge,
    losses.circle,
    losses.ctc,
)
_MOST_CLASSES = 100  # for which a loss is called once each


def _kind(loss: Any) -> str:
    """Return "categorical", "sparse", "binary", "whole" or "other", by the class of a loss."""
    function = loss.fn if type(loss) is LossFunctionWrapper else None
    if isinstance(loss, _WHOLE) or function in _WHOLE_FUNCTIONS:
        return "whole"
    if function is not None:
        return _KINDS_OF_FUNCTIONS.get(function, "other")
    return next((_KINDS[base] for base in type(loss).__mro__ if base in _KINDS), "other")


def _is_sparse_crossentropy(loss: Any) -> bool:
    """Return whether a loss is Keras' own sparse crossentropy, and no subclass of it."""
    if type(loss) is losses.SparseCategoricalCrossentropy:
        return True
    function = loss.fn if type(loss) is LossFunctionWrapper else None
    return function is losses.sparse_categorical_crossentropy


def _options(loss: Any) -> dict[str, Any]:
    return dict(getattr(loss, "_fn_kwargs", {}))


def compiled(model: keras.Model) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (output name, kind, options) of every compiled loss; empty where there is none."""
    found = model._compile_loss
    if found is None or not found.built:
        return []
    kinds = [(one, _kind(one.loss)) for one in found._flat_losses]
    return [
        (one.name, "other" if kind == "whole" else kind, _options(one.loss)) for one, kind in kinds
    ]


def make_target(y: Tensor, y_pred: Tensor, loss: Any, name: str) -> Target:
    """Return the target of one output, able to turn dense."""
    kind, options = _kind(loss), _options(loss)
    axis = options.get("axis", -1) if kind in ("categorical", "sparse") else -1
    numbers = _has_class_numbers(kind, y, y_pred)
    several = keras.tree.is_nested(y_pred)

    def to_dense(y: Tensor) -> Tensor:
        if kind == "whole" or several:
            takes = "several outputs at once" if several else "whole labels"
            raise ConflictError(
                f"the loss {loss.name!r} of output {name!r} takes {takes}, not probabilities of "
                "classes, so its targets cannot be changed. Compile with a crossentropy for each "
                "output of classes"
            )
        if numbers:
            ignore = options.get("ignore_class")
            return _probabilities(y, y_pred, axis, ignore, _is_sparse_crossentropy(loss))
        if kind != "binary" and not _agree(y.shape, y_pred.shape):
            raise ConflictError(
                f"the loss {loss.name!r} of output {name!r} takes targets of shape "
                f"{tuple(y.shape)} beside predictions of {tuple(y_pred.shape)}, which are no "
                "probabilities of its classes, so they cannot be changed"
            )
        return _floating(y)

    return Target(y, y_pred, "other" if kind == "whole" else kind, axis, name, to_dense)


def _has_class_numbers(kind: str, y: Tensor, y_pred: Tensor) -> bool:
    """Return whether targets are numbers of classes: by the loss, or else by their shape."""
    if keras.tree.is_nested(y_pred):  # one loss for several outputs
        return False
    if kind != "other" or y_pred.shape[-1] == 1:
        return kind == "sparse"
    outer = y_pred.shape[:-1]
    return _agree(y.shape, outer) or _agree(y.shape, (*outer, 1))


def _agree(left: Any, right: Any) -> bool:
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


class _DenseCrossentropy(losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """The crossentropy of a sparse loss for targets given as probabilities.

    Rows without mass stand for an ignored class: they cost nothing and do not count.
    """

    def __init__(self, sparse: losses.Loss) -> None:
        super().__init__(name=sparse.name, reduction=sparse.reduction, dtype=sparse.dtype)
        options = _options(sparse)
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


class _Expected(losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """The mean of a loss on class numbers, over classes drawn with the given probabilities.

    A label that is no class, such as an ignored one, has none: it costs what the loss says of it.
    """

    def __init__(self, loss: losses.Loss, target: Target) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction, dtype=loss.dtype)
        self._loss, self._given, self._axis = loss, target.y, target.axis

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each example: Σ_c p_c · loss(c), or that of its own label."""
        total = self._loss.call(ops.cast(self._given, self.dtype), y_pred)
        mask = keras.src.backend.get_keras_mask(total)
        is_class = ops.sum(y_true, axis=self._axis) > 0
        if len(is_class.shape) != len(total.shape):
            raise AttachError(
                f"the loss {self.name!r} gives a value of shape {tuple(total.shape)} for labels of "
                f"shape {tuple(is_class.shape)}; changed targets need one value for each"
            )
        expected: Tensor = 0.0
        for number in range(y_pred.shape[self._axis]):
            labels = ops.full_like(self._given, number)
            cost = self._loss.call(ops.cast(labels, self.dtype), y_pred)
            expected = expected + ops.take(y_true, number, axis=self._axis) * cost
        total = ops.where(is_class, expected, total)
        if mask is not None:
            keras.src.backend.set_keras_mask(total, mask=mask)
        return total


def retargeted(loss: Any, name: str, change: Change) -> Callable[..., Tensor]:
    """Return a loss that changes its targets first."""

    def call(y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        before = make_target(y_true, y_pred, loss, name)
        after = change(before)
        if after is before:
            return loss(y_true, y_pred, sample_weight)
        use = loss
        if after.is_dense and _has_class_numbers(_kind(loss), y_true, y_pred):
            exact = _is_sparse_crossentropy(loss)
            use = _DenseCrossentropy(loss) if exact else _expected(loss, before)
        return use(after.y, y_pred, sample_weight)

    return call


def _expected(loss: Any, given: Target) -> _Expected:
    classes = given.y_pred.shape[given.axis]
    if type(loss).__call__ is not losses.Loss.__call__:
        raise ConflictError(
            f"the loss {loss.name!r} has a __call__ of its own, so it cannot be asked for the loss "
            "of one class and one example; override `call` in its place, or use one-hot targets"
        )
    if classes is None or classes > _MOST_CLASSES:
        raise ConflictError(
            f"the loss {loss.name!r} takes class numbers and is not Keras' own: with changed "
            f"targets it is called once for each class, at most {_MOST_CLASSES}, and output "
            f"{given.name!r} has {classes}. Use one-hot targets and a loss on probabilities"
        )
    return _Expected(loss, given)


def _floating(y: Tensor) -> Tensor:
    return ops.cast(y, keras.config.floatx())


def target_of_plain_y(y: Any, y_pred: Any, change: Change) -> Any:
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
