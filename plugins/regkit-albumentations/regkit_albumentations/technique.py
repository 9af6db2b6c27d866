"""Albumentations inside the training step."""

from __future__ import annotations

from typing import Annotated

import keras
from keras import ops

from regkit import RegkitError, Technique
from regkit.core.context import Context
from regkit.core.images import images_of, map_images
from regkit.core.options import (
    DataFormat,
    ProbabilityOption,
    Range,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.core.stages import Batch, Phase
from regkit.types import Size, Tensor
from regkit_albumentations.host import on_host, uncompiled
from regkit_albumentations.images import Images, require_same_shape
from regkit_albumentations.library import AnyTransform
from regkit_albumentations.options import Transform
from regkit_albumentations.sampling import Sampler
from regkit_albumentations.text import parsed

__all__ = ["Albumentations"]


class Albumentations(Technique):
    """Transform the images of each training batch by Albumentations, each by its own draws.

    x̃ = T(x; draws of the seed, the step and the position in the batch): the same seed gives the
    same images on every backend, and a resumed run continues as it would have. The transform's own
    generators and seed are not used. Targets and validation stay as they
    are; masks, boxes and keypoints are for `regkit_albumentations.augmented`.

    Inputs of rank 4 are images, (batch, height, width, channels) or (batch, channels, height,
    width); where there is none, those of rank 3 are, (batch, height, width). Others stay as
    they are. Images are uint8 or float32 and keep type and shape. The compiled step waits for the
    host.

    Args:
        transform: A transform or a Compose of Albumentations, or its text: the call that makes it,
            with literals as arguments, as in "HorizontalFlip(p=0.5)".
        probability: The share of images that are transformed; a number or a schedule. 0 leaves the
            step as it is.
        value_range: The values of black and white in floating images, (low, high). Albumentations
            takes them as (0, 1), so others are scaled to that and back.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: "stay" where targets may say where something is (masks, boxes) and must not move;
            without it they are refused, for nothing moves along here.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        RegkitError: for a text that is no transform; before the first step, on TensorFlow with
            jit_compile=True, without images, for other types, and for a transform that changes
            their shape.

    References:
        Buslaev et al. 2020, Albumentations: fast and flexible image augmentations.

    Example:
        >>> Albumentations("HorizontalFlip(p=0.5)", seed=1)
        Albumentations(transform='HorizontalFlip(p=0.5)', seed=1)
    """

    phases = (Phase.GEOMETRY,)  # its transforms may move pixels: before what adds noise to them

    def __init__(
        self,
        transform: Annotated[str | AnyTransform, Transform()],
        *,
        probability: ProbabilityOption = 1.0,
        value_range: Annotated[tuple[float, float], Range(Real())] = (0.0, 1.0),
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.transform = transform
        self.probability = probability
        self.value_range = value_range
        self.data_format = data_format
        self.targets = targets
        self.seed = seed
        made = parsed(transform) if isinstance(transform, str) else transform
        self._sampler = Sampler(made, beside_others=False)

    @classmethod
    def checked_as(cls) -> list[Albumentations]:
        """Return the techniques that regkit's checks run on."""
        several = "Compose([HorizontalFlip(p=0.5), Affine(rotate=(-30, 30), p=1.0)])"
        return [cls("HorizontalFlip(p=0.5)"), cls(several, probability=0.75)]

    def check(self, model: keras.Model) -> None:
        """Refuse XLA on TensorFlow, where a compiled step cannot call the host."""
        if keras.backend.backend() == "tensorflow" and model.jit_compile and not model.run_eagerly:
            raise RegkitError(
                f"{self!r} runs on the host, which a step compiled by XLA cannot call on "
                "TensorFlow. Compile by model.compile(..., jit_compile=False), or transform before "
                "the step: model.fit(regkit_albumentations.augmented(...))"
            )

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with transformed images."""
        # All images of an example are transformed by the same draws.
        size = ops.shape(images_of(batch, self, self.data_format)[0])[0]
        given: list[Size] = list(context.draws.key())
        if self.probability != 1.0:
            given.append(context.draws.bernoulli((size,), context.value(self.probability)))
        return map_images(lambda x: self._transformed(x, given), batch, self, self.data_format)

    def _transformed(self, images: Tensor, given: list[Size]) -> Tensor:
        dtype = str(keras.backend.standardize_dtype(images.dtype))
        if dtype not in ("uint8", "float32"):
            raise RegkitError(
                f"{self!r} takes images of uint8 or float32, as Albumentations does; these are "
                f'{dtype}. Convert them by x.astype("float32")'
            )
        shape = tuple(images.shape[1:])
        if None not in shape:
            uncompiled(require_same_shape, self._sampler, shape, dtype)
        return on_host(Images(self._sampler, self.value_range), images, *given)
