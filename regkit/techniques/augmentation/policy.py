"""What techniques share that choose operations for each image and apply them in turn."""

# Helper module: it has no technique.

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated

from keras import ops

from regkit.core.context import Context
from regkit.core.images import images_of, map_images
from regkit.core.motion import Motion
from regkit.core.moving import image_sizes, moved, refuse_unspoken
from regkit.core.options import DataFormat, ProbabilityOption, Real, SeedOption, TargetsOption
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.ops.precision import dtype_of, in_type
from regkit.techniques.augmentation.affine_motion import Border, Kernel
from regkit.techniques.augmentation.operations import (
    MOTIONS,
    RECOLOURINGS,
    Pick,
    Reach,
    motion_of,
    recoloured,
)
from regkit.techniques.augmentation.pixel_values import ValueRange, range_of
from regkit.types import Tensor

__all__ = ["NAMES", "ChoosesOperations", "Policy"]

NAMES = ("identity", *MOTIONS, *RECOLOURINGS)


class ChoosesOperations(Technique):
    """The base of all of them: their options."""

    needs = ("images",)
    phases = (Phase.COLOUR,)

    def __init__(
        self,
        interpolation: Kernel,
        probability: ProbabilityOption,
        fill_mode: Border,
        fill_value: Annotated[float, Real()],
        value_range: ValueRange,
        data_format: DataFormat,
        targets: TargetsOption,
        seed: SeedOption,
    ) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.probability = probability
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.value_range = value_range
        self.data_format = data_format
        self.targets = targets
        self.seed = seed


class Policy(ChoosesOperations):
    """The base of those that do nothing else; a subclass says which operations an example gets.

    Those that move pixels act first, as one map, then those that change values, in their order: the
    image is read once.
    """

    reach: Reach

    @abstractmethod
    def picks(self, size: Tensor | int, context: Context) -> Sequence[Pick]:
        """Return the operations of each example, one after the other, of `NAMES`."""

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with augmented images, and what belongs to them moved along."""
        refuse_unspoken(batch, self, self.data_format)
        sizes = image_sizes(batch, self, self.data_format)
        bounds = range_of(images_of(batch, self, self.data_format), self.value_range, context)
        picks = self.picks(sizes.batch, context)
        if self.probability != 1.0:
            hit = context.draws.bernoulli((sizes.batch,), context.value(self.probability))
            picks = [Pick(ops.where(hit, one.which, 0), one.magnitude, one.sign) for one in picks]
        place_map, still = motion_of(picks, NAMES, self.reach, sizes)
        motion = Motion(place_map, self.interpolation, self.fill_mode, self.fill_value, still)
        batch = moved(batch, motion, self, self.data_format)

        def recolour(images: Tensor) -> Tensor:
            values = recoloured(images, picks, NAMES, self.reach, bounds)
            return in_type(values, dtype_of(images))

        return map_images(recolour, batch, self, self.data_format)
