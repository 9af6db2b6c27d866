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

from regkit.core.seam.adapter import batch_counter

__all__ = ["KERAS_FILE", "Host", "is_backup", "read", "write", "write_host"]

KERAS_FILE = "latest.weights.h5"  # keras.callbacks.BackupAndRestore
Host = dict[str, dict[str, Any]]  # by the technique's place in the list: numbers, text, arrays

_KEEP = 2


def is_backup(path: Any) -> bool:
    """Return whether a weights file is the one of Keras' backup."""
    return os.path.basename(str(path)) == KERAS_FILE


def _seed_states(model: keras.Model) -> list[keras.Variable]:
    """Return the state of every seed generator in the model, which Keras does not save."""
    return [one.state for layer in model._flatten_layers() for one in layer._seed_generators]


def _file(folder: Path, iteration: int, part: str = "") -> Path:
    return folder / f"regkit-{iteration}{part}.npz"


def write(model: keras.Model, folder: Path, carried: Any, host: Host) -> int:
    """Write the state of this moment, and return the iteration that names it."""
    iteration = int(_numpy(batch_counter(model)))
    arrays = {f"carried/{k}": _numpy(v) for k, v in enumerate(keras.tree.flatten(carried))}
    arrays |= {f"keras/{k}": _numpy(v) for k, v in enumerate(_seed_states(model))}
    folder.mkdir(parents=True, exist_ok=True)
    _save(_file(folder, iteration), arrays)
    write_host(folder, iteration, host)
    _prune(folder, iteration)
    return iteration


def write_host(folder: Path, iteration: int, host: Host) -> None:
    """Write what the host events remember; again where one comes after Keras wrote its backup."""
    plain = {k: {n: v for n, v in s.items() if not _is_array(v)} for k, s in host.items()}
    arrays = {f"{k}/{n}": v for k, s in host.items() for n, v in s.items() if _is_array(v)}
    _save(_file(folder, iteration, "-host"), arrays | {"plain": np.array(json.dumps(plain))})


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _save(path: Path, arrays: dict[str, Any]) -> None:
    """Write a file in one piece: it is there whole, or as it was."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, **arrays)
    os.replace(temporary, path)


def _prune(folder: Path, newest: int) -> None:
    """Keep the newest files; one older than the last may still be the one that Keras has."""
    found = (re.match(r"regkit-(\d+)\.npz$", path.name) for path in folder.iterdir())
    older = sorted({int(match[1]) for match in found if match} - {newest}, reverse=True)
    for iteration in older[_KEEP - 1 :]:
        _file(folder, iteration).unlink(missing_ok=True)
        _file(folder, iteration, "-host").unlink(missing_ok=True)


def read(model: keras.Model, folder: Path, carried: Any) -> tuple[Any, Host] | None:
    """Return the carried and host state that belong to the restored weights, seeds set.

    None, with a warning, where there is none that fits: the techniques then start afresh.
    """
    iteration = int(_numpy(batch_counter(model)))
    path = _file(folder, iteration)
    if not path.exists():
        _warn(
            f"{folder} holds a Keras backup, but no state of regkit's techniques for its iteration "
            f"({path.name}): they start afresh, and the run will differ from one without a break"
        )
        return None
    arrays = _load(path)
    leaves, seeds = keras.tree.flatten(carried), _seed_states(model)
    expected = {f"carried/{k}": tuple(v.shape) for k, v in enumerate(leaves)}
    expected |= {f"keras/{k}": tuple(v.shape) for k, v in enumerate(seeds)}
    if expected != {name: value.shape for name, value in arrays.items()}:
        _warn(f"{path} was written with other techniques or another model: they start afresh")
        return None
    for k, state in enumerate(seeds):
        state.assign(arrays[f"keras/{k}"])
    held = [arrays[f"carried/{k}"] for k in range(len(leaves))]
    return keras.tree.pack_sequence_as(carried, held), _read_host(folder, iteration)


def _read_host(folder: Path, iteration: int) -> Host:
    arrays = _load(_file(folder, iteration, "-host"))
    host: Host = json.loads(str(arrays.pop("plain")))
    for name, value in arrays.items():
        place, key = name.split("/", 1)
        host[place][key] = value
    return host


def _load(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=4)


def _numpy(value: Any) -> np.ndarray[Any, Any]:
    return np.asarray(keras.ops.convert_to_numpy(value))
