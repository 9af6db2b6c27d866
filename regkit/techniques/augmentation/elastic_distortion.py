"""Elastic distortion of images."""

from __future__ import annotations

import warnings
from typing import Annotated, Any, Self

import keras
from keras import ops

from regkit.core.context import Context
from regkit.core.motion import ImageSizes, Motion
from regkit.core.moving import moved_images
from regkit.core.options import (
    DataFormat,
    Either,
    ProbabilityOption,
    Range,
    Real,
    SeedOption,
    TargetsOption,
)
from regkit.core.stages import Phase
from regkit.core.technique import Technique
from regkit.ops import fields
from regkit.ops.geometry import Field
from regkit.ops.strain import alpha_of, folded_share, strain_of
from regkit.techniques.augmentation.affine_motion import Border, Kernel
from regkit.types import Number, Schedule, Tensor

__all__ = ["ElasticDistortion", "displacement", "distorted"]

Alpha = Annotated[
    float | Schedule | tuple[float, float],
    Either(Real(0, neutral=0, schedule=True), Range(Real(0))),
]
Sigma = Annotated[float, Real(0, open_low=True)]
Side = Annotated[float | None, Real(0, open_low=True, optional=True)]
_MOST_FOLDED = 0.01  # the share of an image that may fold without a word


def distorted(
    images: Tensor,
    noise: Tensor,
    alpha: Number,
    sigma: float,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
) -> Tensor:
    """Return elastically distorted images, as a function of the random numbers.

    Args:
        images: Of shape (batch, height, width, channels), floating or whole numbers.
        noise: Standard normal, of `regkit.ops.fields.coarse_shape(batch, height, width, sigma)`.
        alpha: Simard's α, in pixels: a number, a scalar, or one for each example.
        sigma: Simard's σ, in pixels.
        interpolation: "bilinear", "bicubic" or "nearest".
        fill_mode: What lies beyond the border, one of `regkit.ops.interpolation.BORDERS`.
        fill_value: The value there, where `fill_mode` is "constant".

    Returns:
        The shape and type of `images`.

    Example:
        >>> image = ops.reshape(ops.arange(16.0), (1, 4, 4, 1))
        >>> noise = ops.ones(fields.coarse_shape(1, 4, 4, 2.0))
        >>> bool(ops.all(distorted(image, noise, 0.0, 2.0) == image))
        True
    """
    _, height, width, _ = images.shape
    field = Field(displacement(noise, height, width, alpha, sigma), (height, width))
    still = None if isinstance(alpha, float | int) else ops.equal(alpha, 0.0)
    motion = Motion(field, interpolation, fill_mode, fill_value, still)
    return moved_images(images, motion)


def displacement(noise: Tensor, height: int, width: int, alpha: Number, sigma: float) -> Tensor:
    """Return Simard's field in pixels, of shape (batch, height, width, 2), from standard noise.

    Example:
        >>> noise = ops.ones(fields.coarse_shape(3, 8, 8, 2.0))
        >>> tuple(displacement(noise, 8, 8, 34.0, 2.0).shape)
        (3, 8, 8, 2)
    """
    deviation = alpha * fields.displacement_deviation(sigma)
    return fields.smooth_field(noise, height, width, sigma, deviation)


class ElasticDistortion(Technique):
    """Distort the images of each training batch elastically, every example by a field of its own.

    The pixel at (x, y) gets the value at (x + u, y + v). u and v are noise, uniform on (−1, 1) at
    every pixel, convolved with a Gaussian of deviation σ and multiplied by α: normal to a good
    approximation, independent, with the standard deviation 0.1629·α/σ (in pixels, for σ ≥ 1) and
    the correlation exp(−r²/4σ²) at the distance r. Its strain, the deviation of ∂u/∂x, is
    0.1152·α/σ²: where more than a hundredth of an image folds over itself, from a strain of 0.36
    on, `fit` warns. `by_rms` and `by_strain` take the strength in these terms. All channels of an
    image move by the same field, and so do all images of an example: the field is that of the
    largest image, scaled to the others. Masks, boxes and keypoints move along where `targets` names
    them; validation stays as it is.

    Inputs of rank 4 are images, (batch, height, width, channels) or (batch, channels, height,
    width); where there is none, those of rank 3 are, (batch, height, width). Other inputs stay as
    they are: a map that belongs to an image needs an axis for its channel, as the image has.
    Type and shape stay: whole numbers are rounded. Coordinates are float32 in any policy.

    Args:
        alpha: α, at least 0, in pixels: a number, a schedule, or a range (low, high) from which
            each example draws its own. 0 leaves the step as it is.
        sigma: σ, above 0, in pixels.
        interpolation: "bilinear"; "bicubic", sharper, from 16 pixels instead of 4 (Keys'
            with a = −0.75, as in OpenCV and PyTorch; it may overshoot); or "nearest".
        relative_to: None, or the side in pixels for which α and σ are meant: images of all sizes
            are then distorted as their copies of that side would be. With s = side /
            `relative_to` for the shorter side, σ and the displacements are s times as long, which
            is Simard's field at s·σ and s²·α.
        probability: The share of examples that are distorted; a number or a schedule.
        fill_mode: What lies beyond the border, as in `keras.ops.image.map_coordinates`:
            "constant" (as in the paper, right for a plain background), "nearest", "wrap",
            "mirror" or "reflect" (for photographs).
        fill_value: The value beyond the border, where `fill_mode` is "constant".
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: What moves with the images: "mask" (by nearest neighbour), "image", "boxes" or
            "keypoints" of targets that are one array, or a dict of these by the names of targets
            and inputs.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width, or
            targets may say where something is, and nobody says how they move (see `Flip`).

    References:
        Simard, Steinkraus and Platt 2003, Best practices for convolutional neural networks
        applied to visual document analysis, section 2.

    Example:
        >>> ElasticDistortion(34.0, 4.0, relative_to=28)
        ElasticDistortion(relative_to=28.0)
    """

    default_arms = ("elastic_distortion(relative_to=28)",)  # the paper's setting, at any size
    needs = ("images",)
    search_words = ("elastic deformation", "warp", "Simard")
    phases = (Phase.GEOMETRY,)

    def __init__(
        self,
        alpha: Alpha = 34.0,
        sigma: Sigma = 4.0,
        interpolation: Kernel = "bilinear",
        relative_to: Side = None,
        *,
        probability: ProbabilityOption = 1.0,
        fill_mode: Border = "constant",
        fill_value: Annotated[float, Real()] = 0.0,
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.sigma = sigma
        self.interpolation = interpolation
        self.relative_to = relative_to
        self.probability = probability
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.data_format = data_format
        self.targets = targets
        self.seed = seed

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return one for images of a few pixels."""
        return [cls(2.5, 1.0)]

    @classmethod
    def by_rms(cls, rms: float, sigma: float = 4.0, **options: Any) -> Self:
        """Return one that moves pixels by `rms` pixels, as a root mean square.

        Args:
            rms: √E(u² + v²) in pixels, at least 0.
            sigma: σ in pixels.
            **options: Further ones.

        Example:
            >>> round(ElasticDistortion.by_rms(2.0, sigma=4.0).rms, 3)
            2.0
        """
        return cls(alpha_of(sigma, rms=rms), sigma, **options)

    @classmethod
    def by_strain(cls, strain: float, sigma: float = 4.0, **options: Any) -> Self:
        """Return one that stretches images by `strain`: the deviation of ∂u/∂x.

        Args:
            strain: At least 0; from about a third on images fold over themselves.
            sigma: σ in pixels.
            **options: Further ones.

        Example:
            >>> ElasticDistortion.by_strain(0.2, sigma=8.0).strain
            0.2
        """
        return cls(alpha_of(sigma, strain=strain), sigma, **options)

    @property
    def strain(self) -> float | None:
        """The deviation of ∂u/∂x, at the largest α; None where α is a schedule."""
        alpha = self.alpha[1] if isinstance(self.alpha, tuple) else self.alpha
        return None if callable(alpha) else round(strain_of(alpha, self.sigma), 12)

    @property
    def rms(self) -> float | None:
        """√E(u² + v²) in pixels, at the largest α; None where α is a schedule."""
        return None if self.strain is None else 2.0 * self.sigma * self.strain

    def check(self, model: keras.Model) -> None:
        """Warn where images fold over themselves."""
        share = 0.0 if self.strain is None else folded_share(self.strain)
        if share > _MOST_FOLDED:
            warnings.warn(
                f"{self!r} folds {100 * share:.0f} % of an image over itself: its strain is "
                f"{self.strain:.2f}. Give a smaller alpha or a larger sigma, or the strain itself, "
                f"as in ElasticDistortion.by_strain(0.25, sigma={self.sigma:g})",
                stacklevel=2,
            )

    def geometry(self, images: ImageSizes, context: Context) -> Motion:
        """Return one field for each example."""
        height, width = images.largest
        scale = min(height, width) / self.relative_to if self.relative_to else 1.0
        sigma = self.sigma * scale
        nodes_down, of_each = fields.nodes(height, width, sigma)
        noise = context.draws.normal_rows(nodes_down, images.batch, of_each)
        alpha = self._alphas(images.batch, context, scale)
        field = Field(displacement(noise, height, width, alpha, sigma), (height, width))
        still = None if self._always_moves() else ops.equal(alpha, 0.0)
        return Motion(field, self.interpolation, self.fill_mode, self.fill_value, still)

    def _always_moves(self) -> bool:
        """Return whether α is one number: not zero then, or the technique would not be here."""
        several = callable(self.alpha) or isinstance(self.alpha, tuple)
        return not several and self.probability == 1.0

    def _alphas(self, size: Tensor | int, context: Context, scale: float) -> Number:
        """Return α of this step in pixels: a number, a scalar, or one for each example."""
        if isinstance(self.alpha, tuple):
            alpha = context.draws.uniform((size,), *self.alpha)
        else:
            alpha = context.value(self.alpha)
        if self.probability != 1.0:
            hit = context.draws.bernoulli((size,), context.value(self.probability))
            alpha = ops.where(hit, alpha, 0.0)
        # At s·σ: displacements, as α/σ, are then s times as long.
        return alpha * scale**2
