"""What belongs to the images of an example and moves with them: masks, boxes, keypoints.

It may be among the targets or the inputs. That is a fact of the data, so one technique says it for
all of a recipe that move pixels, by its option `targets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import keras

from regkit.core.errors import AttachError, ConflictError
from regkit.core.options.annotated import Annotation, annotation_of
from regkit.core.stages import Batch
from regkit.types import Tensor

__all__ = ["agreed", "changed_annotations", "filled", "refuse_places", "without"]


class _Says(Protocol):
    """A technique: what its option `targets` says."""

    @property
    def annotations(self) -> Any: ...


def agreed(techniques: Iterable[_Says]) -> dict[str | int | None, Annotation]:
    """Return what techniques say of what belongs to the images.

    Raises:
        ConflictError: where two say different things.
    """
    first: _Says | None = None
    for technique in techniques:
        if technique.annotations is None:
            continue
        if first is not None and technique.annotations != first.annotations:
            raise ConflictError(
                f"{first!r} and {technique!r} say different things of what belongs to the images; "
                "give both the same targets=, or one of them none"
            )
        first = technique
    given = None if first is None else first.annotations
    if given is None:
        return {}
    if isinstance(given, dict):
        return {name: annotation_of(text) for name, text in given.items()}
    return {None: annotation_of(given)}


def changed_annotations(batch: Batch, change: Callable[[Annotation, Tensor], Tensor]) -> Batch:
    """Return a batch in which what belongs to the images is changed.

    Raises:
        AttachError: where a name is in neither part of the batch, or in both.
    """
    for name, own in batch.annotations.items():
        part, tensor = _place(batch, name)
        batch = _put(batch, part, name, change(own, tensor))
    return batch


def without(batch: Batch) -> Batch:
    """Return a batch in whose inputs None stands for what belongs to the images."""
    for name in batch.annotations:
        part, _ = _place(batch, name)
        if part == "x":
            batch = _put(batch, part, name, None)
    return batch


def filled(x: Any, original: Any) -> Any:
    """Return the changed inputs, with what None stands for as it was."""
    if isinstance(original, dict):
        return {name: own if x[name] is None else x[name] for name, own in original.items()}
    if isinstance(original, list | tuple):
        items = [own if new is None else new for new, own in zip(x, original, strict=True)]
        return items if isinstance(original, list) else tuple(items)
    return x


def refuse_places(
    batch: Batch, images: list[Tensor], owner: object, say: str, *, pixels_only: bool = False
) -> None:
    """Refuse targets that may say where something is, and of which nobody has said how they move.

    Masks and maps of any size, boxes and points have two axes or more beside that of the batch.

    Args:
        batch: What DATA received.
        images: The images in it.
        owner: The technique that moves them, which an error names.
        say: What an error tells the user to do.
        pixels_only: Whether only those of the images' size count.

    Raises:
        AttachError: naming their shape, and what to say.
    """
    if not images:
        return
    known = {id(_place(batch, name)[1]) for name in batch.annotations}
    sizes = {(x.shape[1], x.shape[2]) for x in images}

    def says_where(shape: tuple[int | None, ...]) -> bool:
        pixels = shape[1:3] in sizes or (len(shape) == 4 and shape[2:4] in sizes)
        return pixels or (not pixels_only and sum(side != 1 for side in shape[1:]) > 1)

    for y in keras.tree.flatten(batch.y):
        shape = tuple(getattr(y, "shape", ()))
        if y is None or id(y) in known or len(shape) < 3:
            continue
        if says_where(shape):
            raise AttachError(
                f"{owner!r} moves the pixels of images, and targets of the shape {shape} may say "
                f"where something is in them. {say}"
            )


def _place(batch: Batch, name: str | int | None) -> tuple[str, Tensor]:
    """Return in which part of a batch something is, and it."""
    if name is None:
        if not hasattr(batch.y, "shape"):  # on JAX an eager step has NumPy's arrays
            raise AttachError(
                f"targets= of one word is for targets that are one array; here they are "
                f"{_shown(batch.y)}. Name them, as in targets={{'name': 'mask'}}"
            )
        y: Any = batch.y
        return "y", y
    found = [(part, own[name]) for part, own in _parts(batch) if _has(own, name)]
    if len(found) == 1:
        return found[0]
    what = "both inputs and targets have it" if found else "neither inputs nor targets have it"
    raise AttachError(
        f"targets= names {name!r}, and {what}. Inputs are {_shown(batch.x)}, targets "
        f"{_shown(batch.y)}"
    )


def _parts(batch: Batch) -> list[tuple[str, Any]]:
    return [("y", batch.y), ("x", batch.x)]


def _has(nest: Any, name: str | int) -> bool:
    if isinstance(name, str):
        return isinstance(nest, dict) and name in nest
    return isinstance(nest, list | tuple) and 0 <= name < len(nest)


def _put(batch: Batch, part: str, name: str | int | None, value: Any) -> Batch:
    nest = getattr(batch, part)
    if name is None:
        return batch.replace(**{part: value})
    if isinstance(nest, dict):
        return batch.replace(**{part: {**nest, name: value}})
    items = [value if place == name else own for place, own in enumerate(nest)]
    return batch.replace(**{part: items if isinstance(nest, list) else tuple(items)})


def _shown(nest: Any) -> str:
    if isinstance(nest, dict):
        return f"a dict of {', '.join(map(repr, nest))}"
    if isinstance(nest, list | tuple):
        return f"a {type(nest).__name__} of {len(nest)}"
    return "not there" if nest is None else f"one array, of the shape {tuple(nest.shape)}"
