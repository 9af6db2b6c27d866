"""Which parts of a batch a transform receives, and by which of Albumentations' names."""

from __future__ import annotations

import keras

from regkit import RegkitError
from regkit_albumentations.library import AnyTransform

__all__ = ["ROWS", "check_names", "groups", "places_of"]

ROWS = ("bboxes", "keypoints")  # several to a sample; a crop leaves fewer


def places_of(targets: object, element: object) -> dict[str, int]:
    """Return the place of each name among the flattened parts of an element.

    Args:
        targets: Names in the structure of the element, without trailing parts; None names the
            inputs as the image.
        element: A batch or an example: an array, a tuple, a dict, a nest of them.

    Raises:
        RegkitError: where they do not fit together.

    Example:
        >>> places_of(("image", {"where": "bboxes"}), (0, {"what": 1, "where": 2}))
        {'image': 0, 'bboxes': 2}
    """
    if targets is None:
        targets = ("image",) if isinstance(element, tuple | list) else "image"
    places: dict[str, int] = {}
    try:
        names = keras.tree.flatten(_named(targets, element))
    except _DiffersError:
        raise RegkitError(
            f"targets={targets!r} does not have the structure of the data, {_shown(element)}. Put "
            "Albumentations' names where the parts are, as in ('image', 'mask') or ('image', "
            "{'boxes': 'bboxes'})"
        ) from None
    for place, name in enumerate(names):
        if name in places:
            raise RegkitError(f"targets={targets!r} names {name!r} twice")
        if name is not None:
            places[name] = place
    if "image" not in places:
        raise RegkitError(f"targets={targets!r} names no 'image'")
    return places


Names = str | None | list["Names"] | dict[str, "Names"]


class _DiffersError(Exception):
    """Targets do not have the structure of the data."""


def _named(targets: object, element: object) -> Names:
    """Return the nest of the element with a name or None in place of each part."""
    if isinstance(element, dict) and isinstance(targets, dict | None):
        names = dict.fromkeys(element) | (targets or {})
        if len(names) == len(element):
            return {key: _named(names[key], part) for key, part in element.items()}
    elif isinstance(element, tuple | list) and isinstance(targets, tuple | list | None):
        missing = len(element) - len(targets or ())
        if missing >= 0:
            given = [*(targets or ()), *[None] * missing]
            return [_named(name, part) for name, part in zip(given, element, strict=True)]
    elif not isinstance(element, dict | tuple | list) and isinstance(targets, str | None):
        return targets
    raise _DiffersError


def _shown(element: object) -> str:
    if isinstance(element, dict):
        return "{" + ", ".join(f"{key!r}: {_shown(part)}" for key, part in element.items()) + "}"
    if isinstance(element, tuple | list):
        return "(" + ", ".join(map(_shown, element)) + "," * (len(element) == 1) + ")"
    return "…"


def groups(transform: AnyTransform) -> dict[str, str]:
    """Return for each name of rows the boxes or points that the rows belong to."""
    owners = {name: kind for name, kind in _additional(transform).items() if kind in ROWS}
    owners |= {name: name for name in owners}
    for name, processor in getattr(transform, "processors", {}).items():
        owners |= {name: name} | dict.fromkeys(processor.params.label_fields or (), name)
    return owners


def _additional(transform: AnyTransform) -> dict[str, str]:
    return dict(getattr(transform, "additional_targets", None) or {})


def check_names(transform: AnyTransform, names: dict[str, int]) -> None:
    """Refuse names that the transform would ignore, or for which it needs more.

    Raises:
        RegkitError: for such a name.
    """
    rows = groups(transform)
    known = {*transform.available_keys, *_additional(transform), *rows}
    for name in names:
        if name in ROWS and name not in rows:
            word = "bbox_params" if name == "bboxes" else "keypoint_params"
            raise RegkitError(
                f"{name!r} needs Compose([...], {word}=...), which gives their format"
            )
        if name not in known:
            raise RegkitError(
                f"the transform knows no target {name!r}; it knows {', '.join(sorted(known))}"
            )
        if rows.get(name, name) not in names:
            raise RegkitError(f"{name!r} belongs to {rows[name]!r}, which targets does not name")
