"""What belongs to the images of an example and moves with them: the option `targets`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.core.errors import suggest
from regkit.core.options.bounds import Constraint

__all__ = ["BOX_FORMATS", "KINDS", "Annotation", "Annotations", "annotation_of"]

KINDS = ("image", "mask", "boxes", "keypoints", "stay")
BOX_FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "rel_xyxy", "rel_yxyx")


@dataclass(frozen=True)
class Annotation:
    """One kind of what belongs to an image.

    Attributes:
        kind: One of `KINDS`.
        format: Of boxes, one of Keras' `BOX_FORMATS`.
        fill: Of a mask, the class of what comes in from beyond the border.
    """

    kind: str
    format: str = "xyxy"
    fill: int = 0


def annotation_of(text: object) -> Annotation:
    """Return what a text means: a kind, of boxes perhaps with a format, of a mask with a class.

    Raises:
        ValueError: for anything else.

    Example:
        >>> annotation_of("boxes:xywh")
        Annotation(kind='boxes', format='xywh', fill=0)
        >>> annotation_of("mask:255").fill
        255
    """
    if not isinstance(text, str):
        raise ValueError
    kind, _, more = text.partition(":")
    if kind not in KINDS or (more and kind not in ("mask", "boxes")):
        raise ValueError
    if kind == "boxes" and more:
        if more not in BOX_FORMATS:
            raise ValueError
        return Annotation(kind, more)
    return Annotation(kind, fill=int(more or 0))


@dataclass(frozen=True)
class Annotations(Constraint):
    """A kind, for targets that are one array, or kinds by the names of what x or y hold; or None.

    Example:
        >>> Annotations().check({"outline": "mask", "boxes": "boxes:xywh"})
        {'outline': 'mask', 'boxes': 'boxes:xywh'}
    """

    def describe(self) -> str:
        """Return the forms."""
        words = ", ".join(repr(kind) for kind in KINDS)
        return (
            f"one of {words}, 'mask:255' (the class beyond the border), 'boxes:xywh' (or another "
            f"of Keras' formats: {', '.join(BOX_FORMATS)}), a dict of these by the names of "
            "targets or inputs, or None"
        )

    def check(self, value: object) -> Any:
        """Return the text, the dict, or None."""
        if value is None:
            return None
        if isinstance(value, dict):
            for name, text in value.items():
                if not isinstance(name, str | int) or isinstance(name, bool):
                    raise ValueError
                annotation_of(text)
            return dict(value)
        annotation_of(value)
        return value

    def nearest(self, value: object) -> str:
        """Return the kind that a misspelt one means."""
        return suggest(value, KINDS) if isinstance(value, str) else ""

    def bad_values(self) -> list[Any]:
        """Return unknown kinds, alone and in a dict."""
        return ["masks", 3, "boxes:corners", {"mask": "maks"}, ["mask"], "mask:red"]
