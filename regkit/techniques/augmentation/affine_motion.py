"""What techniques share that move images by a matrix: turn, shift, shear, scale.

# Helper module: it has no technique.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.motion import ImageSizes, Motion
from regkit.core.options import (
    Choice,
    DataFormat,
    ProbabilityOption,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.ops.geometry import Affine
from regkit.ops.interpolation import BORDERS, KERNELS
from regkit.types import Number, Tensor

__all__ = ["AffineMotion", "Axes", "Border", "Kernel", "matrix_of"]

Kernel = Annotated[str, Choice(*KERNELS)]
Border = Annotated[str, Choice(*BORDERS)]
Axes = Annotated[str, Choice("both", "horizontal", "vertical")]


def matrix_of(rows: list[list[Number]], like: Tensor) -> Tensor:
    """Return matrices of shape (batch, 2, 3) from their entries: numbers, or one for each example.

    Example:
        >>> shift = ops.array([1.0, 2.0])
        >>> ops.convert_to_numpy(matrix_of([[1.0, 0.0, shift], [0.0, 1.0, 0.0]], shift))[1].tolist()
        [[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]
    """
    none = ops.zeros_like(like)
    return ops.stack([ops.stack([none + entry for entry in row], -1) for row in rows], 1)


class AffineMotion(Technique):
    """The base of those techniques; a subclass says which matrix."""

    needs = ("images",)
    phases = (Phase.GEOMETRY,)

    def __init__(
        self,
        interpolation: Kernel,
        probability: ProbabilityOption,
        fill_mode: Border,
        fill_value: Annotated[float, Real()],
        data_format: DataFormat,
        targets: TargetsOption,
        seed: SeedOption,
    ) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.probability = probability
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.data_format = data_format
        self.targets = targets
        self.seed = seed

    @abstractmethod
    def matrices(self, images: ImageSizes, context: Context) -> Tensor:
        """Return (A | t) for each example: output to input, about the centers, in pixels."""

    def geometry(self, images: ImageSizes, context: Context) -> Motion:
        """Return a matrix for each example."""
        place_map = Affine(self.matrices(images, context), images.largest, images.largest)
        return Motion(
            place_map,
            self.interpolation,
            self.fill_mode,
            self.fill_value,
            self._still(images, context),
        )

    def _still(self, images: ImageSizes, context: Context) -> Tensor | None:
        """Return which examples stay as they are, by `probability`; None for none."""
        if self.probability == 1.0:
            return None
        hit = context.draws.bernoulli((images.batch,), context.value(self.probability))
        return ops.logical_not(hit)
