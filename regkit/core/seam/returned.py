"""What a stage method has returned: told apart from what it must be, in the author's words.

Otherwise the backend would complain, somewhere behind the method, and name no technique.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from regkit.core.errors import AttachError
from regkit.core.stages import Batch, Stage, Target

__all__ = ["batch", "same_shapes", "scalar", "some", "state", "target"]

Tensor = Any


def batch(found: Any, technique: object) -> Batch:
    """Return the batch that DATA gave back."""
    if not isinstance(found, Batch):
        raise _refusal(technique, Stage.DATA, found, "a Batch", "return batch.replace(x=…)")
    return found


def target(found: Any, technique: object) -> Target:
    """Return the target that TARGET gave back."""
    if not isinstance(found, Target):
        raise _refusal(technique, Stage.TARGET, found, "a Target", "return target.replace(…)")
    return found


def some(found: Any, technique: object) -> Any:
    """Return what FORWARD gave back, unless it is nothing."""
    if found is None:
        mend = "return call(inputs), changed before or after"
        raise _refusal(technique, Stage.FORWARD, found, "what the layer computes", mend)
    return found


def scalar(found: Any, technique: object, dtype: Any) -> Tensor:
    """Return what PENALTY gave back, in the type of the loss."""
    if found is None or _shape(found) not in ((), None):
        mend = "sum or average it, as in ops.sum(…)"
        raise _refusal(technique, Stage.PENALTY, found, "a scalar that joins the loss", mend)
    return ops.cast(found, dtype)


def state(found: Any, technique: object) -> dict[str, Any]:
    """Return what `initial_state` gave back."""
    if not isinstance(found, dict):
        raise AttachError(
            f"{type(technique).__name__}.initial_state must return a dict of named arrays; it "
            f"returned {_shown(found)}. To mend it: return {{'average': …}}"
        )
    return found


def same_shapes(
    found: Any, technique: object, stage: Stage, given: Sequence[Tensor]
) -> list[Tensor]:
    """Return what GRADIENT or UPDATE gave back: a tensor for each that it was given."""
    mend = "return a list with one for each that was given, as in [… for g in …]"
    if not isinstance(found, list | tuple) or len(found) != len(given):
        raise _refusal(technique, stage, found, f"a list of {len(given)} tensors", mend)
    for place, (one, before) in enumerate(zip(found, given, strict=True)):
        if _shape(one) != _shape(before):
            expected = f"a tensor of shape {_shape(before)} at place {place}"
            raise _refusal(technique, stage, one, expected, mend)
    return list(found)


def _refusal(technique: object, stage: Stage, found: Any, expected: str, mend: str) -> AttachError:
    return AttachError(
        f"{type(technique).__name__}.{stage.name.lower()} must return {expected}; it returned "
        f"{_shown(found)}. To mend it: {mend}"
    )


def _shown(found: Any) -> str:
    if found is None:
        return "None"
    if isinstance(found, list | tuple):
        return f"a {type(found).__name__} of {len(found)}"
    return f"a tensor of shape {_shape(found)}" if hasattr(found, "shape") else repr(found)


def _shape(x: Any) -> tuple[int | None, ...] | None:
    """Return the static shape, that of a number too; None where the rank is not known."""
    shape = getattr(x, "shape", ())
    return None if getattr(shape, "rank", 0) is None else tuple(shape)
