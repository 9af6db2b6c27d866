"""What a stage method has returned: told apart from what it must be, in the author's words.

Otherwise the backend would complain, somewhere behind the method, and name no technique.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from regkit.core.errors import AttachError
from regkit.core.stages import Stage
from regkit.types import Tensor

__all__ = [
    "no_batch",
    "no_motion",
    "no_target",
    "nothing",
    "same_shapes",
    "scalar",
    "state",
    "wrong_source",
]


def no_batch(value: object, technique: object) -> AttachError:
    """Return the refusal of what DATA gave back in the place of a batch."""
    return _refusal(technique, Stage.DATA, value, "a Batch", "return batch.replace(x=…)")


def no_motion(value: object, technique: object) -> AttachError:
    """Return the refusal of what a geometry gave back in the place of a motion."""
    remedy = "return Motion(Affine(…)) or Motion(Field(…))"
    return _refusal(technique, Stage.DATA, value, "a Motion", remedy, "geometry")


def wrong_source(given: object, wanted: object, technique: object) -> AttachError:
    """Return the refusal of a map that is made for images of another size."""
    name = type(technique).__name__
    return AttachError(
        f"{name}.geometry must return a map for images of the size images.largest, {wanted}; its "
        f"source is {given}"
    )


def no_target(value: object, technique: object) -> AttachError:
    """Return the refusal of what TARGET gave back in the place of a target."""
    return _refusal(technique, Stage.TARGET, value, "a Target", "return target.replace(…)")


def nothing(technique: object) -> AttachError:
    """Return the refusal of a FORWARD that gave nothing back."""
    remedy = "return call(inputs), changed before or after"
    return _refusal(technique, Stage.FORWARD, None, "what the layer computes", remedy)


def scalar(value: object, technique: object, dtype: object) -> Tensor:
    """Return what PENALTY gave back, in the type of the loss."""
    if value is None or _shape(value) not in ((), None):
        remedy = "sum or average it, as in ops.sum(…)"
        raise _refusal(technique, Stage.PENALTY, value, "a scalar that joins the loss", remedy)
    return ops.cast(value, dtype)


def state(value: object, technique: object) -> dict[str, Any]:
    """Return what `initial_state` gave back."""
    if not isinstance(value, dict):
        raise AttachError(
            f"{type(technique).__name__}.initial_state must return a dict of named arrays; it "
            f"returned {_shown(value)}. To fix it, return {{'average': …}}"
        )
    return value


def same_shapes(
    value: object, technique: object, stage: Stage, given: Sequence[Tensor]
) -> list[Tensor]:
    """Return what GRADIENT or UPDATE gave back: a tensor for each that it was given."""
    remedy = "return a list with one for each that was given, as in [… for g in …]"
    if not isinstance(value, list | tuple) or len(value) != len(given):
        raise _refusal(technique, stage, value, f"a list of {len(given)} tensors", remedy)
    for place, (tensor, before) in enumerate(zip(value, given, strict=True)):
        if _shape(tensor) != _shape(before):
            expected = f"a tensor of shape {_shape(before)} at place {place}"
            raise _refusal(technique, stage, tensor, expected, remedy)
    return list(value)


def _refusal(
    technique: object, stage: Stage, value: object, expected: str, remedy: str, method: str = ""
) -> AttachError:
    name = f"{type(technique).__name__}.{method or stage.name.lower()}"
    return AttachError(
        f"{name} must return {expected}; it returned {_shown(value)}. To fix it, {remedy}"
    )


def _shown(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a tensor of shape {_shape(value)}" if hasattr(value, "shape") else repr(value)


def _shape(x: object) -> tuple[int | None, ...] | None:
    """Return the static shape, that of a number too; None where the rank is not known."""
    shape = getattr(x, "shape", ())
    return None if getattr(shape, "rank", 0) is None else tuple(shape)
