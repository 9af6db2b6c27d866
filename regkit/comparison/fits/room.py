"""How many members find room in memory together, by a cautious estimate."""

from __future__ import annotations

import math
import os
from pathlib import Path

import keras

from regkit.comparison.design.parts import Parts
from regkit.comparison.fits.observer import CHUNK
from regkit.core.seam.pure_step import State

__all__ = ["bytes_of_member", "free_bytes", "members_that_fit"]

_INFO = Path("/proc/meminfo")
_SHARE = 0.5  # of the free memory: other programs want some, and an estimate may err
_NUMBER = 4  # bytes of a float32
_COPIES_OF_STATE = 4  # as it is, as it becomes, the gradients, the weights of the best epoch
_COPIES_OF_DATA = 2  # on the host and on the device
_COPIES_OF_OUTPUTS = (
    4  # of a layer, in a step: kept for the gradient, the gradient, what acts on it
)


def free_bytes() -> int:
    """Return the memory that is free; where the system does not say, a quarter of all."""
    try:
        lines = dict(line.split(":", 1) for line in _INFO.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return 2**30


def members_that_fit(of_member: int, jobs: int = 1) -> int:
    """Return how many members of this size find room in each of so many processes."""
    return int(_SHARE * free_bytes() / jobs) // max(of_member, 1)


def bytes_of_member(model: keras.Model, state: State, parts: Parts, batch_size: int) -> int:
    """Return what a member takes of the memory: its weights, its data, the outputs of layers.

    Args:
        model: Stands for the members' models.
        state: The values of a member's variables.
        parts: Its examples.
        batch_size: The number of examples a step.
    """
    weights = sum(array.nbytes for part in state.values() for array in part)
    data = sum(
        array.nbytes
        for array in (parts.x_train, parts.y_noisy, parts.x_val, parts.x_test)
        if array is not None
    )
    numbers = _outputs_of_layers(model)
    held_out = min(CHUNK, max(len(parts.x_val), len(parts.x_train), len(parts.x_test)))
    outputs = _NUMBER * numbers * max(_COPIES_OF_OUTPUTS * batch_size, held_out)
    return _COPIES_OF_STATE * weights + _COPIES_OF_DATA * data + outputs


def _outputs_of_layers(model: keras.Model) -> int:
    """Return how many numbers all layers return for an example, as far as they tell."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        try:
            shapes = [tensor.shape for tensor in keras.tree.flatten(layer.output)]
        except (AttributeError, ValueError):  # a layer that was called in a model's own `call`
            shapes = [(None, weight.shape[-1]) for weight in layer._trainable_variables]
        total += sum(math.prod(size or 1 for size in shape[1:]) for shape in shapes)
    return total
