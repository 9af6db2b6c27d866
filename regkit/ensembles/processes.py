"""Training the members of an ensemble in processes beside this one, here or on a cluster.

joblib hands out the tasks: by its own processes (loky), or by what `joblib.parallel_config` names,
as "dask" and "ray".
"""

from __future__ import annotations

import pickle
import uuid
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from tempfile import TemporaryDirectory

import joblib
import keras

from regkit.core.errors import RegkitError
from regkit.core.host.accelerators import visible
from regkit.core.host.beside import handed_down
from regkit.core.host.by_value import ByValue
from regkit.core.members.engines import Done
from regkit.core.members.result import Members
from regkit.ensembles.trainer import Data, Job, Member
from regkit.ensembles.worker_task import Where, trained_beside
from regkit.ops.stacking import running_stack

__all__ = ["trained_in_processes"]

_DEATHS = 3  # of processes in a row, without a member trained between them


def trained_in_processes(
    job: Job,
    data: Data,
    members: Sequence[Member],
    *,
    n_jobs: int | None,
    group_size: int,
    done: Done = lambda epochs: None,
) -> Iterator[Members]:
    """Yield trained members as they come, in any order; a killed process's are trained again.

    A member's numbers follow from its own seed and data, and from the members of its group, which
    `group_size` alone decides; so they are the same for any number of processes.

    Args:
        job: What members have in common.
        data: What they are trained on.
        members: Which to train.
        n_jobs: The number of processes, as joblib takes it.
        group_size: The number of members in a task.
        done: Told how many more epochs of members are done.

    Raises:
        RegkitError: where processes die again and again.
    """
    tasks = [list(members[at : at + group_size]) for at in range(0, len(members), group_size)]
    deaths = 0
    while tasks:
        try:
            for numbers, parts in _run(job, data, tasks, n_jobs):
                tasks = [task for task in tasks if [m.number for m in task] != numbers]
                deaths = 0
                done(len(numbers) * job.epochs)
                yield from parts
        except BrokenProcessPool as error:
            deaths += 1
            if deaths >= _DEATHS:
                raise RegkitError(
                    f"{deaths} times in a row a process was killed before it had trained a member, "
                    "most often for lack of memory; try a smaller n_jobs or group_size"
                ) from error


def _run(
    job: Job, data: Data, tasks: list[list[Member]], n_jobs: int | None
) -> Iterator[tuple[list[int], list[Members]]]:
    backend, count = keras.backend.backend(), joblib.effective_n_jobs(n_jobs)
    pickled, name = pickle.dumps(ByValue(job)), uuid.uuid4().hex
    arrays = (data.x, data.y, data.weights, *data.validation)
    backend_of_jobs, _ = joblib.parallel.get_active_backend()
    streams = backend_of_jobs.supports_return_generator  # Ray's does not
    run = joblib.Parallel(
        n_jobs, return_as="generator_unordered" if streams else "list", batch_size=1
    )
    # What does not stream gets as many tasks at a time as it runs, so that what is done is here.
    waves = [tasks] if streams else [tasks[at : at + count] for at in range(0, len(tasks), count)]
    with TemporaryDirectory() as claims, handed_down(count, backend), warnings.catch_warnings():
        # Where the caller has seen enough, as after an interrupt, the rest is dropped.
        warnings.filterwarnings("ignore", ".*tasks which were still being processed")
        where = Where(backend, _several_gpus(), claims)
        call = joblib.delayed(trained_beside)
        for wave in waves:
            yield from run(call(where, name, pickled, pickle.dumps(task), *arrays) for task in wave)


def _several_gpus() -> tuple[str, ...]:
    gpus = visible(running_stack().gpus())
    return gpus if len(gpus) > 1 else ()
