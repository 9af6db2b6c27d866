"""Label smoothing."""

from __future__ import annotations

import fnmatch
from typing import Annotated

import keras
from keras import ops

from regkit.core.context import Context
from regkit.core.errors import ConflictError
from regkit.core.options import Choice, Names, Rate
from regkit.core.seam.targets import compiled
from regkit.core.stages import Phase, Target
from regkit.core.technique import Technique
from regkit.types import Number, Tensor

__all__ = ["LabelSmoothing", "smooth", "smooth_binary"]

_NO_CLASSES = ("other", "whole")  # kinds of targets that are left alone where nobody names them


def smooth(y: Tensor, epsilon: Number, spread: str = "others", axis: int = -1) -> Tensor:
    """Return class probabilities with a part ε of their mass spread over the classes.

    For K classes along `axis` and mass m = Σy (1 for a label, 0 for an ignored one):
    `"others"` gives (1 − ε)·y + ε·(m − y)/(K − 1), so that a hard label keeps 1 − ε;
    `"all"` gives (1 − ε)·y + ε·m/K. Both are linear in y and keep its mass.

    Example:
        >>> [round(float(p), 3) for p in smooth(ops.array([[0.0, 1.0, 0.0]]), 0.1)[0]]
        [0.05, 0.9, 0.05]
    """
    classes = y.shape[axis]
    mass = ops.sum(y, axis=axis, keepdims=True)
    if spread == "all":
        return (1.0 - epsilon) * y + epsilon * mass / classes
    return (1.0 - epsilon) * y + epsilon * (mass - y) / (classes - 1)


def smooth_binary(y: Tensor, epsilon: Number, spread: str = "others") -> Tensor:
    """Return probabilities of a binary label, smoothed over its two classes as `smooth` does.

    Example:
        >>> float(smooth_binary(ops.array([1.0]), 0.5, "all")[0])
        0.75
    """
    other = 0.5 if spread == "all" else 1.0 - y
    return (1.0 - epsilon) * y + epsilon * other


class LabelSmoothing(Technique):
    """Spread a part of each label over the other classes, against overconfident predictions.

    With K classes, `spread="others"` gives the true class 1 − ε and each other ε/(K − 1), the
    textbook's; `spread="all"` gives (1 − ε)·y + ε/K, Keras' and Szegedy's. Works for sparse,
    one-hot and binary targets, along the class axis of the loss. Metrics and validation see the
    labels as they are. It acts last at TARGET, after techniques that mix examples.

    Args:
        epsilon: The mass that is spread, in [0, 1); a number or a schedule. 0 leaves the step as
            it is.
        spread: "others" or "all".
        outputs: Names of outputs, with wildcards; by default all with a crossentropy (or another
            loss on classes). Naming an output smooths it along its last axis whatever its loss.

    Raises:
        OptionError: for an impossible option.
        ConflictError: for a second label smoothing in the list, a loss that smooths its labels, and
            a model without an output on classes.

    References:
        Szegedy et al. 2016, Rethinking the inception architecture, section 7; Goodfellow et al.
        2016, Deep Learning, section 7.5.1.

    Example:
        >>> LabelSmoothing(0.2, spread="all")
        LabelSmoothing(epsilon=0.2, spread='all')
    """

    default_arms = ("label_smoothing(0.1|0.3)",)
    needs = ("classes",)
    search_words = ("soft labels", "soft targets", "Szegedy")
    phases = (Phase.SMOOTH,)
    exclusive = "label smoothing"

    def __init__(
        self,
        epsilon: Rate = 0.1,
        spread: Annotated[str, Choice("others", "all")] = "others",
        *,
        outputs: Annotated[str | list[str] | None, Names()] = None,
    ) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.spread = spread
        self.outputs = outputs

    def check(self, model: keras.Model) -> None:
        """Refuse a loss that smooths its labels, and a model without an output on classes."""
        losses = compiled(model)
        named = [name for name, _, _ in losses if self._names(name)]
        if self.outputs is not None and losses and not named:
            raise ConflictError(
                f"{self!r} names no output of {model.name!r}; "
                f"its outputs are {', '.join(name for name, _, _ in losses)}"
            )
        if losses and not named and all(kind in _NO_CLASSES for _, kind, _ in losses):
            raise ConflictError(
                f"{self!r} needs a loss on classes (a crossentropy); {model.name!r} has none. "
                "Where the targets are one-hot with another loss, name the output: "
                f"outputs={losses[0][0]!r}"
            )
        for name, _, options in losses:
            if options.get("label_smoothing"):
                raise ConflictError(
                    f"the loss of output {name!r} smooths its labels already (label_smoothing="
                    f"{options['label_smoothing']:g}); compile it without, or leave out {self!r}"
                )

    def target(self, target: Target, context: Context) -> Target:
        """Return the smoothed target."""
        named = self._names(target.name)
        if not named and (self.outputs is not None or target.kind in _NO_CLASSES):
            return target
        epsilon = context.value(self.epsilon)
        target = target.dense()
        if target.kind == "binary":
            return target.replace(smooth_binary(target.y, epsilon, self.spread))
        return target.replace(smooth(target.y, epsilon, self.spread, target.axis))

    def _names(self, output: str) -> bool:
        patterns = [self.outputs] if isinstance(self.outputs, str) else self.outputs or []
        return any(fnmatch.fnmatchcase(output, pattern) for pattern in patterns)
