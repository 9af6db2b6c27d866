"""State beside Keras' epoch backup: what `BackupAndRestore` forgets.

Keras writes weights, optimizer and the epoch's number. A run that is to go on bit for bit needs the
techniques' state and seeds and the seeds of Keras' own random layers too. They go into a file
beside Keras', named by the optimizer's iteration, written before Keras writes its own and found by
the iteration that Keras restored; so a kill between the two writes cannot mix two epochs.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

__all__ = ["KERAS_FILE", "is_backup", "read", "write"]

KERAS_FILE = "latest.weights.h5"  # keras.callbacks.BackupAndRestore
_KEEP = 2


def is_backup(path: Any) -> bool:
    """Return whether a weights file is the one of Keras' backup."""
    return os.path.basename(str(path)) == KERAS_FILE


def _seed_states(model: keras.Model) -> list[keras.Variable]:
    """Return the state of every seed generator in the model, which Keras does not save."""
    return [one.state for layer in model._flatten_layers() for one in layer._seed_generators]


def _file(folder: Path, iteration: int) -> Path:
    return folder / f"regkit-{iteration}.npz"


def write(model: keras.Model, folder: Path, carried: Any, host: dict[str, dict[str, Any]]) -> None:
    """Write the state of this moment, in one piece."""
    arrays = {f"carried/{k}": _numpy(v) for k, v in enumerate(keras.tree.flatten(carried))}
    arrays |= {f"keras/{k}": _numpy(v) for k, v in enumerate(_seed_states(model))}
    plain: dict[str, dict[str, Any]] = {}
    for label, state in host.items():
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                arrays[f"host/{label}/{name}"] = value
            else:
                plain.setdefault(label, {})[name] = value
    folder.mkdir(parents=True, exist_ok=True)
    iteration = int(_numpy(model.optimizer.iterations))
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, host=np.array(json.dumps(plain)), **arrays)
    os.replace(temporary, _file(folder, iteration))
    _prune(folder, iteration)


def _prune(folder: Path, newest: int) -> None:
    """Keep the newest files; one older than the last may still be the one that Keras has."""
    numbered = {int(m[1]): p for p in folder.iterdir() if (m := re.match(r"regkit-(\d+)\.npz$", p.name))}
    for iteration in sorted(set(numbered) - {newest}, reverse=True)[_KEEP - 1 :]:
        numbered[iteration].unlink(missing_ok=True)


def read(model: keras.Model, folder: Path, carried: Any) -> tuple[Any, dict[str, dict[str, Any]]] | None:
    """Return the carried and host state that belong to the restored weights, seeds set.

    None, with a warning, where there is none that fits: the techniques then start afresh.
    """
    path = _file(folder, int(_numpy(model.optimizer.iterations)))
    if not path.exists():
        warnings.warn(
            f"{folder} holds a Keras backup, but no state of regkit's techniques for its iteration "
            f"({path.name}): they start afresh, and the run will differ from one without a break",
            stacklevel=2,
        )
        return None
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    leaves = keras.tree.flatten(carried)
    held = [arrays.get(f"carried/{k}") for k in range(len(leaves))]
    seeds = _seed_states(model)
    fits = f"carried/{len(leaves)}" not in arrays and all(
        value is not None and value.shape == tuple(leaf.shape)
        for value, leaf in zip(held, leaves, strict=True)
    )
    if not fits or f"keras/{len(seeds)}" in arrays or f"keras/{len(seeds) - 1}" not in arrays | {"keras/-1": 0}:
        warnings.warn(
            f"{path} was written with other techniques or another model: they start afresh",
            stacklevel=2,
        )
        return None
    for k, state in enumerate(seeds):
        state.assign(arrays[f"keras/{k}"])
    host: dict[str, dict[str, Any]] = json.loads(str(arrays["host"]))
    for name, value in arrays.items():
        if name.startswith("host/"):
            _, label, key = name.split("/", 2)
            host.setdefault(label, {})[key] = value
    return keras.tree.pack_sequence_as(carried, held), host


def _numpy(value: Any) -> np.ndarray[Any, Any]:
    return np.asarray(keras.ops.convert_to_numpy(value))
