"""What a stage method has returned: told apart from what it must be, in the author's words.

Otherwise the backend would complain, somewhere behind the method, and name no technique.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from regkit.core.errors import AttachError
from regkit.core.geometry import Motion
from regkit.core.stages import Batch, Stage, Target
from regkit.types import Tensor

__all__ = ["batch", "motion", "same_shapes", "scalar", "some", "state", "target"]


def batch(value: object, technique: object) -> Batch:
    """Return the batch that DATA gave back."""
    if not isinstance(value, Batch):
        raise _refusal(technique, Stage.DATA, value, "a Batch", "return batch.replace(x=…)")
    return value


def motion(value: object, technique: object) -> Motion:
    """Return the motion that a geometry gave back."""
    if not isinstance(value, Motion):
        remedy = "return Motion(Affine(…)) or Motion(Field(…))"
        raise _refusal(technique, Stage.DATA, value, "a Motion", remedy, "geometry")
    return value


def target(value: object, technique: object) -> Target:
    """Return the target that TARGET gave back."""
    if not isinstance(value, Target):
        raise _refusal(technique, Stage.TARGET, value, "a Target", "return target.replace(…)")
    return value


def some(value: object, technique: object) -> Any:
    """Return what FORWARD gave back, unless it is nothing."""
    if value is None:
        remedy = "return call(inputs), changed before or after"
        raise _refusal(technique, Stage.FORWARD, value, "what the layer computes", remedy)
    return value


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
