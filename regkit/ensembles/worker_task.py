"""What a process beside the main one, here or elsewhere, runs of an ensemble.

Keras is imported when it is called, not before: the task says which backend.
"""

from __future__ import annotations

import functools
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regkit.core.errors import RegkitError
from regkit.core.host.accelerators import claimed
from regkit.core.host.terminal import notes_put_aside
from regkit.types import Array

if TYPE_CHECKING:
    from regkit.core.members.result import Members
    from regkit.ensembles.trainer import Member, Trainer

__all__ = ["Where", "trained_beside"]


def trained_beside(
    where: Where, name: str, job: bytes, members: list[Member], *arrays: Array | None
) -> tuple[list[int], list[Members]]:
    """Return the numbers of members, and the trained: configuration, data, seeds in, weights out.

    Args:
        where: The backend and the accelerators.
        name: Tells this ensemble's job and data from others'.
        job: The job, pickled.
        members: Which to train.
        *arrays: Of the data: x, y, weights, and x and y of the validation.

    Raises:
        RegkitError: in a process that has begun with another backend.
    """
    trainer = _trainer(where, name, _Apart(job, arrays))
    return [member.number for member in members], list(trainer.run(members))


@dataclass(frozen=True)
class Where:
    """Where a process trains.

    Attributes:
        backend: Keras' backend in the main process.
        gpus: The names of several accelerators, of which each process takes one; else empty.
        claims: A folder in which processes note which they have taken.
    """

    backend: str
    gpus: tuple[str, ...] = ()
    claims: str = ""


class _Apart:
    """What makes a trainer; all that have one name are equal."""

    def __init__(self, job: bytes, arrays: tuple[Array | None, ...]) -> None:
        self.job, self.arrays = job, arrays

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Apart)

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=1)  # compiled models are kept from task to task
def _trainer(where: Where, name: str, given: _Apart) -> Trainer:
    with notes_put_aside():
        _begin(where)
    from regkit.ensembles.trainer import Data, Trainer

    x, y, weights, *validation = given.arrays
    assert x is not None
    assert y is not None
    held_out = tuple(array for array in validation if array is not None)
    return Trainer(pickle.loads(given.job).value, Data(x, y, weights, held_out))


def _begin(where: Where) -> None:
    """Import Keras with a backend, on an accelerator of one's own."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = where.backend
        if where.gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = claimed(where.gpus, Path(where.claims))
    import keras

    if keras.backend.backend() != where.backend:
        raise RegkitError(
            f"a worker's process runs Keras on {keras.backend.backend()}, and the ensemble on "
            f"{where.backend}; start workers with KERAS_BACKEND={where.backend} in their "
            "environment"
        )
    keras.ops.zeros(1)
