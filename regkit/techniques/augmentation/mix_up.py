"""Mixtures of two examples, inputs and targets."""

from __future__ import annotations

import keras
from keras import ops

from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.options import ProbabilityOption, SeedOption, Strength
from regkit.core.stages import Batch, Phase, Target
from regkit.core.technique import Technique
from regkit.ops.forms import is_dense
from regkit.ops.precision import dtype_of
from regkit.techniques.augmentation.mixing import (
    mixed,
    mixed_target,
    note,
    require_mixable,
    shaped,
    shares,
    taken,
)
from regkit.types import Tensor

__all__ = ["MixUp"]


class MixUp(Technique):
    """Train on mixtures of pairs of examples, inputs and targets by the same share.

    x̃ = λ·x + (1 − λ)·x′ and ỹ = λ·y + (1 − λ)·y′, λ ~ Beta(α, α) for each example, x′ another
    example of the batch (by a random order of it). Class numbers become probabilities, whatever the
    loss; numbers of a regression are mixed as they are. Metrics see the targets as they were. It
    acts after what moves or recolours images, and before label smoothing, wherever the list has it.
    Where examples have weights, the mixture has the mean of both losses so weighted.

    Args:
        alpha: α, at least 0; a number or a schedule. 0 leaves the step as it is.
        probability: The share of examples that are mixed; a number or a schedule.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Raises:
        OptionError: for an impossible option.
        AttachError: in the first step, where an input is of whole numbers (indices; images of 8
            bits are mixed and rounded), sparse or ragged, or `targets` of another technique names
            boxes or keypoints.
        ConflictError: for a loss whose targets cannot be probabilities.

    References:
        Zhang et al. 2018, mixup: beyond empirical risk minimization, section 2.

    Example:
        >>> MixUp(0.4)
        MixUp(alpha=0.4)
    """

    search_words = ("mixup", "mixtures of examples", "Zhang")
    phases = (Phase.MIXING, Phase.MIX)

    def __init__(
        self,
        alpha: Strength = 0.2,
        *,
        probability: ProbabilityOption = 1.0,
        seed: SeedOption = None,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.probability = probability
        self.seed = seed

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with mixed inputs."""
        require_mixable(batch, self)
        inputs = [x for x in keras.tree.flatten(batch.x) if x is not None]
        self._require_numbers(inputs)
        size = ops.shape(inputs[0])[0]
        order = context.draws.permutation(size)
        share = shares(size, self.alpha, self.probability, context)

        def mix(x: Tensor) -> Tensor:
            return x if x is None else mixed(x, taken(x, order), shaped(share, x))

        return note(batch.replace(x=keras.tree.map_structure(mix, batch.x)), order, share, context)

    def target(self, target: Target, context: Context) -> Target:
        """Return the mixed target."""
        return mixed_target(target, context)

    def _require_numbers(self, inputs: list[Tensor]) -> None:
        for x in inputs:
            dtype = dtype_of(x)
            if not is_dense(x):
                raise AttachError(f"{self!r} mixes dense inputs; one is sparse or ragged")
            if "float" not in dtype and not (dtype == "uint8" and len(x.shape) >= 3):
                raise AttachError(
                    f"{self!r} mixes numbers, and an input of shape {tuple(x.shape)} is of type "
                    f"{dtype}: of indices there is no mixture. Convert numbers by "
                    'x.astype("float32")'
                )
