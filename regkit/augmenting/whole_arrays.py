"""Arrays, augmented in one pass."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from regkit.augmenting.transform import Parts, Transform
from regkit.core.errors import AttachError

__all__ = ["augmented_arrays"]


def augmented_arrays(parts: Parts, transform: Transform, epoch: int, batch_size: int) -> Parts:
    """Return arrays, all of whose examples are changed as in one epoch.

    Args:
        parts: Inputs, targets and weights, arrays or nests of them.
        transform: What changes them.
        epoch: The number of the pass.
        batch_size: How many examples are changed at once, which changes no number.

    Raises:
        AttachError: where they have different numbers of examples.
    """
    leaves = [leaf for leaf in keras.tree.flatten(parts) if leaf is not None]
    counts = sorted({len(leaf) for leaf in leaves})
    if len(counts) != 1:
        raise AttachError(
            f"arrays to augment have as many examples each; these have {counts}"
            if counts
            else "there is no array to augment"
        )
    batches = []
    for start in range(0, counts[0], batch_size):
        stop = min(start + batch_size, counts[0])
        some = keras.tree.map_structure(lambda x, a=start, b=stop: _rows(x, a, b), parts)
        batches.append(transform(some, np.arange(start, stop), epoch))
    if not batches:
        return parts
    return tuple(keras.tree.map_structure(_joined, *batches)) if len(batches) > 1 else batches[0]


def _rows(x: Any, start: int, stop: int) -> Any:
    return None if x is None else np.asarray(x[start:stop])


def _joined(*rows: Any) -> Any:
    return None if rows[0] is None else np.concatenate(rows)
