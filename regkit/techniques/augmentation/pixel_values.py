"""What techniques share that change the values of pixels: their range, an amount for each image."""

# Helper module: it has no technique.

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.images import images_of, map_images
from regkit.core.options import DataFormat, ProbabilityOption, Range, Real, SeedOption
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.ops.finite import finite_range
from regkit.ops.precision import dtype_of, in_type, wide
from regkit.techniques.augmentation.spans import Span, drawn
from regkit.types import Number, Tensor

__all__ = ["ValueChange", "ValueRange", "range_of"]

ValueRange = Annotated[tuple[float, float] | None, Range(Real(), optional=True)]


def range_of(
    images: list[Tensor], given: tuple[float, float] | None, context: Context
) -> tuple[Number, Number]:
    """Return the least and the largest value that pixels may have.

    Args:
        images: All images of a batch.
        given: Both, or None for those of the type where it is whole numbers of 8 bits, else for the
            least and the largest finite number in the batch.
        context: Of the step; where each example is changed alone, the numbers are its own.

    Example:
        >>> from regkit.core.draws import Draws
        >>> from regkit.core.outside import context_outside
        >>> images = [ops.array([[1.0, 3.0]]), ops.array([[2.0, 5.0]])]
        >>> low, high = range_of(images, None, context_outside(Draws(1, 0)))
        >>> float(low), float(high)
        (1.0, 5.0)
    """
    if given is not None:
        return given
    if all(dtype_of(x) == "uint8" for x in images):
        return 0.0, 255.0
    return finite_range(images, of_each=context.alone)


class ValueChange(Technique, ABC):
    """The base of those with one amount δ for each example; a subclass says what δ does."""

    needs = ("images",)
    phases = (Phase.COLOUR,)

    def __init__(
        self,
        delta: Span = 0.2,
        *,
        value_range: ValueRange = None,
        probability: ProbabilityOption = 1.0,
        data_format: DataFormat = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.delta = delta
        self.value_range = value_range
        self.probability = probability
        self.data_format = data_format
        self.seed = seed

    @abstractmethod
    def changed(self, images: Tensor, delta: Tensor, low: Number, high: Number) -> Tensor:
        """Return floating images, changed by δ of each, before they are cut to the range."""

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with changed images; those with δ = 0 stay bit for bit."""
        images = images_of(batch, self, self.data_format)
        low, high = range_of(images, self.value_range, context)
        size = ops.shape(images[0])[0]
        delta = drawn(self.delta, size, context)
        if self.probability != 1.0:
            hit = context.draws.bernoulli((size,), context.value(self.probability))
            delta = ops.where(hit, delta, 0.0)
        delta = ops.reshape(delta, (-1, 1, 1, 1))

        def change(x: Tensor) -> Tensor:
            floating = ops.cast(x, wide(x))
            values = self.changed(floating, ops.cast(delta, floating.dtype), low, high)
            values = in_type(ops.clip(values, low, high), dtype_of(x))
            return ops.where(ops.equal(delta, 0.0), x, values)

        return map_images(change, batch, self, self.data_format)
