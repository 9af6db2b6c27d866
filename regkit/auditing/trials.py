"""What is tried: each technique by itself at parts of its strength, and the recipe as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regkit.augmenting.transform import Transform
from regkit.core.method import Method
from regkit.core.options.declared import strengths
from regkit.core.technique import Technique
from regkit.ops.strain import folded_share
from regkit.types import Array

__all__ = ["Effect", "Trial", "effect_of", "trials_of"]

PARTS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Trial:
    """Something to try.

    Attributes:
        name: A technique with its strength, or the recipe.
        techniques: To run.
        technique: The place of the technique in the recipe; None for all together.
        part: Of its strength.
        strength: As a text, "degrees=15"; "" where it has none.
    """

    name: str
    techniques: tuple[Method, ...]
    technique: int | None = None
    part: float = 1.0
    strength: str = ""

    def run(self, x: Array, seed: int) -> Array:
        """Return the images as this changes them."""
        parts: Any = (x,)
        return np.asarray(Transform(self.techniques, seed)(parts, np.arange(len(x)), 0)[0])


def trials_of(techniques: Sequence[Technique]) -> list[Trial]:
    """Return what is to be tried of a recipe.

    Example:
        >>> import regkit
        >>> [trial.name for trial in trials_of([regkit.Rotation(20.0)])]  # doctest: +ELLIPSIS
        ['Rotation(degrees=5.0)', ..., 'Rotation(degrees=20.0)']
    """
    found = []
    for place, technique in enumerate(techniques):
        for part in PARTS:
            one = _at(technique, part)
            if one is not None:
                found.append(Trial(repr(one[0]), (one[0],), place, part, one[1]))
    if len(techniques) > 1:
        found.append(Trial("all together", tuple(techniques)))
    return found


def _at(technique: Technique, part: float) -> tuple[Technique, str] | None:
    """Return a technique at a part of its strength; None where it cannot be scaled so."""
    config = technique.get_config()
    changed = {
        name: _scaled(config[name], part)
        for name in strengths(type(technique))
        if _can_be_scaled(config[name])
    }
    if not changed:
        return (technique, "") if part == 1.0 else None
    text = ", ".join(f"{name}={_shown(value)}" for name, value in changed.items())
    return (technique if part == 1.0 else type(technique)(**{**config, **changed})), text


def _can_be_scaled(value: object) -> bool:
    return isinstance(value, int | float | tuple | list) and not isinstance(value, bool)


def _scaled(value: object, part: float) -> object:
    if isinstance(value, tuple | list):
        return tuple(part * end for end in value)
    return part * float(value)  # type: ignore[arg-type]  # `_can_be_scaled` has looked


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(f"{end:g}" for end in value) + ")"
    return f"{value:g}"


@dataclass(frozen=True)
class Effect:
    """What a trial does to images, whatever they show.

    Attributes:
        changed: The share of images that it changes at all.
        difference: The root mean square change of a value, as a part of the range of all.
        lost: The share of the content that it moves out of the picture or covers: of Σ|x − b|, b
            the median along the border of the image. 0 where there is more than before.
        folded: The share of an image that an elastic field folds over itself, by its strain.
    """

    changed: float
    difference: float
    lost: float
    folded: float


def effect_of(trial: Trial, before: Array, after: Array) -> Effect:
    """Return the effect of a trial on some images; `lost` is NaN where their size changes.

    Args:
        trial: What was tried.
        before: Images, (examples, height, width, channels).
        after: The same ones, changed.
    """
    strains = [getattr(one, "strain", None) for one in trial.techniques]
    folded = max((folded_share(float(s)) for s in strains if s is not None), default=0.0)
    if before.shape != after.shape:
        return Effect(1.0, float("nan"), float("nan"), folded)
    wide_before, wide_after = (np.asarray(x, np.float64) for x in (before, after))
    span = float(np.ptp(wide_before)) or 1.0
    differs = (before != after).any(axis=(1, 2, 3))
    border = np.concatenate(
        [side.reshape(len(before), -1) for side in (
            wide_before[:, 0], wide_before[:, -1], wide_before[:, :, 0], wide_before[:, :, -1])],
        axis=1,
    )  # fmt: skip
    ground = np.median(border, axis=1)[:, None, None, None]
    content = np.abs(wide_before - ground).sum(axis=(1, 2, 3))
    left = np.abs(wide_after - ground).sum(axis=(1, 2, 3))
    kept = np.where(content > 0, left / np.where(content > 0, content, 1.0), 1.0)
    return Effect(
        float(differs.mean()),
        float(np.sqrt(np.mean(np.square(wide_after - wide_before)))) / span,
        max(0.0, 1.0 - float(kept.mean())),
        folded,
    )
