"""How many members find room in memory together, by a cautious estimate."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import keras

from regkit.core.seam.pure_step import State
from regkit.ops.stacking import running_stack

__all__ = ["bytes_of_member", "free_bytes", "in_parts", "members_that_fit"]

_INFO = Path("/proc/meminfo")
_SHARE = 0.5  # of the free memory: other programs want some, and an estimate may err
_NUMBER = 4  # bytes of a float32
_COPIES_OF_STATE = 4  # as it is, as it becomes, the gradients, the weights of the best epoch
_COPIES_OF_DATA = 2  # on the host and on the device
_COPIES_OF_OUTPUTS = (
    4  # of a layer, in a step: kept for the gradient, the gradient, what acts on it
)


def free_bytes() -> int:
    """Return the memory that is free where training runs; a quarter of all, if nothing tells."""
    on_device = running_stack().free_bytes()
    if on_device is not None:
        return on_device
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


def bytes_of_member(
    model: keras.Model, state: State, data: int, batch_size: int, held_out: int
) -> int:
    """Return what a member takes of the memory: its weights, its data, the outputs of layers.

    Args:
        model: Stands for the members' models.
        state: The values of a member's variables.
        data: The bytes of the examples that are its own.
        batch_size: The number of examples in a step.
        held_out: The number of examples that are evaluated at once.
    """
    weights = sum(array.nbytes for part in state.values() for array in part)
    examples = max(_COPIES_OF_OUTPUTS * batch_size, held_out)
    outputs = _NUMBER * _outputs_of_layers(model) * examples
    return _COPIES_OF_STATE * weights + _COPIES_OF_DATA * data + outputs


def in_parts(places: Sequence[int], most: int) -> list[list[int]]:
    """Return members in as few groups of one size as find room, the last filled up by its last.

    Example:
        >>> in_parts([0, 1, 2, 3, 4], 3), in_parts([0, 1, 2], 8), in_parts([0, 1], 0)
        ([[0, 1, 2], [3, 4, 4]], [[0, 1, 2]], [[0], [1]])
    """
    size = -(-len(places) // -(-len(places) // max(most, 1)))
    parts = [[*places[start : start + size]] for start in range(0, len(places), size)]
    return [[*part, *part[-1:] * (size - len(part))] for part in parts]


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
