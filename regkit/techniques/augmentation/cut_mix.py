"""Images with a part of another image pasted in."""

from __future__ import annotations

from keras import ops

from regkit.core.annotations import changed_annotations
from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.images import map_images, on_channels_last
from regkit.core.moving import image_sizes, refuse_unspoken
from regkit.core.options import (
    DataFormat,
    ProbabilityOption,
    SeedOption,
    Strength,
    TargetsOption,
)
from regkit.core.options.annotated import Annotation
from regkit.core.stages import Batch, Phase, Target
from regkit.core.technique import Technique
from regkit.techniques.augmentation.mixing import mixed_target, note, require_mixable, shares, taken
from regkit.techniques.augmentation.windows import inside_windows
from regkit.types import Tensor

__all__ = ["CutMix", "cut_windows"]


def cut_windows(
    share: Tensor, center: tuple[Tensor, Tensor], height: int, width: int
) -> list[Tensor]:
    """Return rectangles of a part 1 − λ of the area, as top, left, bottom and right.

    Their sides are √(1 − λ) of the image's, cut off at its border, to whole pixels.

    Args:
        share: λ of each example, (batch,).
        center: y and x of each rectangle, in (0, 1), of the sides.
        height: Of the images.
        width: Likewise.

    Example:
        >>> half = ops.array([0.75]), (ops.array([0.5]), ops.array([0.5]))
        >>> [int(edge[0]) for edge in cut_windows(*half, 8, 8)]
        [2, 2, 6, 6]
    """
    root = ops.sqrt(1.0 - share) / 2.0
    low, high = [], []
    for place, side in zip(center, (height, width), strict=True):
        low.append(ops.clip(ops.round((place - root) * side), 0, side))
        high.append(ops.clip(ops.round((place + root) * side), 0, side))
    return [ops.cast(edge, "int32") for edge in low + high]


class CutMix(Technique):
    """Paste a rectangle of one image into another, and mix their targets by the pixels of each.

    λ ~ Beta(α, α) for each example; the rectangle has √(1 − λ) of the sides, a center uniform over
    the image, and is cut off at the border. The targets are λ̃·y + (1 − λ̃)·y′, λ̃ the part of the
    pixels that stay, counted: the mass of the labels is that of the pixels, exactly. x′ is another
    example of the batch (by a random order of it). Class numbers become probabilities. Masks that
    `targets` names are pasted with the images, and not mixed. It acts before label smoothing,
    wherever the list has it; metrics see the targets as they were.

    Args:
        alpha: α, at least 0; a number or a schedule. 0 leaves the step as it is.
        probability: The share of examples that are mixed; a number or a schedule.
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        targets: What is pasted along with the images, see `Flip`: "mask" or "image".
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where no input is an image of known height and width, images
            have several sizes, targets have a value for each pixel of which nobody says what they
            are, others of more than two axes have no loss on classes, or `targets` names boxes or
            keypoints.
        ConflictError: for a loss whose targets cannot be probabilities.

    References:
        Yun et al. 2019, CutMix: regularization strategy to train strong classifiers with
        localizable features, section 3.1.

    Example:
        >>> CutMix(0.5)
        CutMix(alpha=0.5)
    """

    needs = ("images",)
    search_words = ("cutmix", "paste", "Yun")
    phases = (Phase.MIXING, Phase.MIX)

    def __init__(
        self,
        alpha: Strength = 1.0,
        *,
        probability: ProbabilityOption = 1.0,
        data_format: DataFormat = None,
        targets: TargetsOption = None,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.probability = probability
        self.data_format = data_format
        self.targets = targets
        self.seed = seed

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with parts of images pasted into others."""
        require_mixable(batch, self)
        refuse_unspoken(batch, self, self.data_format, pixels_only=True)
        sizes = image_sizes(batch, self, self.data_format)
        if len(set(sizes.each)) > 1:
            raise AttachError(
                f"{self!r} needs images of one size, of which it counts the pixels; here are "
                f"images of {', '.join(map(str, sizes.each))}"
            )
        height, width = sizes.largest
        draws = context.draws
        order = draws.permutation(sizes.batch)
        center = draws.uniform((sizes.batch,)), draws.uniform((sizes.batch,))
        share = shares(sizes.batch, self.alpha, self.probability, context)
        windows = cut_windows(share, center, height, width)
        inside = inside_windows(windows, height, width)
        area = ops.cast((windows[2] - windows[0]) * (windows[3] - windows[1]), "float32")

        def pasted(images: Tensor) -> Tensor:
            return ops.where(inside, taken(images, order), images)

        def along(own: Annotation, x: Tensor) -> Tensor:
            if own.kind == "stay":
                return x
            return on_channels_last(pasted, x, self.data_format)

        batch = map_images(pasted, batch, self, self.data_format)
        batch = changed_annotations(batch, along)
        context.memo["pasted"] = batch.annotations
        return note(batch, order, 1.0 - area / float(height * width), context)

    def target(self, target: Target, context: Context) -> Target:
        """Return the mixed target; one that was pasted as it is."""
        pasted = context.memo["pasted"]
        names = context.model.output_names if len(pasted) else ()
        known = {names[name] if isinstance(name, int) else name for name in pasted}
        if None in known or target.name in known:
            return target
        if target.kind == "other" and len(target.y.shape) > 2:
            raise AttachError(
                f"{self!r} mixes the targets of images that are pasted, and those of output "
                f"{target.name!r}, of the shape {tuple(target.y.shape)}, have no loss on classes: "
                "of boxes and points there is no mixture. Leave one of both out"
            )
        return mixed_target(target, context)
