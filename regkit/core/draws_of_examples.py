"""Random numbers of each example by its number, for data that are changed outside of a fit."""

from __future__ import annotations

from keras import ops

from regkit.core.draws import Draws, Shape
from regkit.core.errors import AttachError
from regkit.ops import hashing
from regkit.types import Number, Tensor

__all__ = ["DrawsOfExamples"]

_NOT_ALONE = (
    "a technique draws an order of the examples or shares of mixtures, and each example is changed "
    "by itself here. Use it in model.fit"
)


class DrawsOfExamples(Draws):
    """The random numbers of one technique, for each example by its number, whatever the batch.

    Args:
        base: int32, from `base_key`.
        epoch: The number of the pass over the data.
        examples: int32 of shape (batch,), the number of each example in the data.
        stage: Position of the stage in the step.

    Example:
        >>> both = DrawsOfExamples(1, 0, ops.array([7, 9], "int32")).uniform((2, 3))
        >>> alone = DrawsOfExamples(1, 0, ops.array([9], "int32")).uniform((1, 3))
        >>> bool(ops.all(both[1:] == alone))
        True
    """

    of_examples = True

    def __init__(self, base: int, epoch: Tensor | int, examples: Tensor, stage: int = 0) -> None:
        numbers_of = ops.reshape(ops.cast(examples, "int32"), (-1, 1))
        super().__init__(hashing.mixed_with(base, hashing.mixed(epoch)), numbers_of, stage)
        self._count: int | None = numbers_of.shape[0]  # None in a graph that does not know it

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Return numbers uniform on (low, high), the first axis that of the examples."""
        return super().uniform(self._for_each(shape), low, high)

    def normal(self, shape: Shape, stddev: Number = 1.0) -> Tensor:
        """Return normal numbers of mean 0, the first axis that of the examples."""
        return super().normal(self._for_each(shape), stddev)

    def normal_rows(self, rows: int, size: Tensor | int, width: int) -> Tensor:
        """Return normal numbers of shape (rows, size·width), each example's its own."""
        return ops.reshape(
            ops.transpose(self.normal((size, rows, width)), (1, 0, 2)), (rows, size * width)
        )

    def bernoulli(self, shape: Shape, probability: Number) -> Tensor:
        """Return booleans that are true with `probability`, the first axis that of the examples."""
        return super().bernoulli(self._for_each(shape), probability)

    def integers(self, shape: Shape, low: int, high: Tensor | int) -> Tensor:
        """Return int32 numbers of {low, …, high − 1}, the first axis that of the examples."""
        return super().integers(self._for_each(shape), low, high)

    def beta(self, size: Tensor | int, alpha: Number) -> Tensor:
        """Refuse: only mixtures of examples draw from it."""
        raise AttachError(_NOT_ALONE)

    def permutation(self, size: Tensor | int) -> Tensor:
        """Refuse: one example alone has no order."""
        raise AttachError(_NOT_ALONE)

    def _for_each(self, shape: Shape) -> Shape:
        count = self._count
        if not shape or (isinstance(shape[0], int) and count is not None and shape[0] != count):
            raise AttachError(
                f"a technique draws numbers of the shape {tuple(shape)} for {count} examples, of "
                "which each is changed by itself here. Its draws must have the examples along "
                "their first axis; else use it in model.fit"
            )
        return shape
