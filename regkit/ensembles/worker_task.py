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

from regkit.core.host.accelerators import claimed
from regkit.core.host.beside import Known, begin, one_at_a_time
from regkit.core.host.terminal import notes_put_aside
from regkit.types import Array

if TYPE_CHECKING:
    from regkit.core.members.result import Members
    from regkit.ensembles.trainer import Member, Trainer

__all__ = ["Where", "trained_beside"]


def trained_beside(
    where: Where, name: str, job: bytes, members: bytes, *arrays: Array | None
) -> tuple[list[int], list[Members]]:
    """Return the numbers of members, and the trained: configuration, data, seeds in, weights out.

    Job and members come pickled: to read them loads Keras, for which the backend must be set first.

    Args:
        where: The backend and the accelerators.
        name: Tells this ensemble's job and data from others'.
        job: The job, pickled.
        members: Which to train, a list of `Member`, pickled.
        *arrays: Of the data: x, y, weights, and x and y of the validation.

    Raises:
        RegkitError: in a process that has begun with another backend.
    """
    with one_at_a_time():
        trainer = _trainer(where, Known(name, (job, arrays)))
        own: list[Member] = pickle.loads(members)
        return [member.number for member in own], list(trainer.run(own))


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


@functools.lru_cache(maxsize=1)  # compiled models are kept from task to task
def _trainer(where: Where, given: Known) -> Trainer:
    with notes_put_aside():
        if where.gpus and "keras" not in sys.modules:
            os.environ["CUDA_VISIBLE_DEVICES"] = claimed(where.gpus, Path(where.claims))
        begin(where.backend)
    from regkit.ensembles.trainer import Data, Trainer

    job, (x, y, weights, *validation) = given.value
    return Trainer(pickle.loads(job).value, Data(x, y, weights, tuple(validation)))
