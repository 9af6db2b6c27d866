"""Which parts of a batch a transform gets, and under which of Albumentations' names."""

from __future__ import annotations

from typing import Any

import keras

from regkit import RegkitError

__all__ = ["ROWS", "check_names", "groups", "places_of"]

ROWS = ("bboxes", "keypoints")  # of which a sample has some, and after a crop fewer


def places_of(targets: Any, element: Any) -> dict[str, int]:
    """Return the place of each name among the flattened parts of an element.

    Args:
        targets: Names in the structure of the element, as far as there are some; None for the
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
    found: dict[str, int] = {}
    try:
        names = keras.tree.flatten(_named(targets, element))
    except _DiffersError:
        raise RegkitError(
            f"targets={targets!r} is not of the structure of the data, {_shown(element)}. Put "
            "Albumentations' names where the parts are, as in ('image', 'mask') or ('image', "
            "{'boxes': 'bboxes'})"
        ) from None
    for place, name in enumerate(names):
        if name in found:
            raise RegkitError(f"targets={targets!r} names {name!r} twice")
        if name is not None:
            found[name] = place
    if "image" not in found:
        raise RegkitError(f"targets={targets!r} names no 'image'")
    return found


class _DiffersError(Exception):
    """Targets are not of the structure of the data."""


def _named(targets: Any, element: Any) -> Any:
    """Return a nest as the element, of a name or None for each of its parts."""
    if isinstance(element, dict) and isinstance(targets, dict | None):
        names = dict.fromkeys(element) | (targets or {})
        if len(names) == len(element):
            return {key: _named(names[key], one) for key, one in element.items()}
    elif isinstance(element, tuple | list) and isinstance(targets, tuple | list | None):
        missing = len(element) - len(targets or ())
        if missing >= 0:
            given = [*(targets or ()), *[None] * missing]
            return [_named(name, one) for name, one in zip(given, element, strict=True)]
    elif not isinstance(element, dict | tuple | list) and isinstance(targets, str | None):
        return targets
    raise _DiffersError


def _shown(element: Any) -> str:
    if isinstance(element, dict):
        return "{" + ", ".join(f"{key!r}: {_shown(one)}" for key, one in element.items()) + "}"
    if isinstance(element, tuple | list):
        return "(" + ", ".join(map(_shown, element)) + "," * (len(element) == 1) + ")"
    return "…"


def groups(transform: Any) -> dict[str, str]:
    """Return, for each name of which a sample has rows, the boxes or points that they belong to."""
    found = {name: kind for name, kind in _additional(transform).items() if kind in ROWS}
    found |= {name: name for name in found}
    for name, processor in getattr(transform, "processors", {}).items():
        found |= {name: name} | dict.fromkeys(processor.params.label_fields or (), name)
    return found


def _additional(transform: Any) -> dict[str, str]:
    return dict(getattr(transform, "additional_targets", None) or {})


def check_names(transform: Any, names: dict[str, int]) -> None:
    """Refuse names that the transform would pass by, or that it needs more for.

    Raises:
        RegkitError: for such a name.
    """
    rows = groups(transform)
    known = {*transform.available_keys, *_additional(transform), *rows}
    for name in names:
        if name in ROWS and name not in rows:
            word = "bbox_params" if name == "bboxes" else "keypoint_params"
            raise RegkitError(
                f"{name!r} needs Compose([...], {word}=...), which says what format they have"
            )
        if name not in known:
            raise RegkitError(
                f"the transform knows no target {name!r}; it knows {', '.join(sorted(known))}"
            )
        if rows.get(name, name) not in names:
            raise RegkitError(f"{name!r} belongs to {rows[name]!r}, which targets does not name")
