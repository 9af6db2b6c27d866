"""State beside Keras' epoch backup: what `BackupAndRestore` forgets.

Keras writes weights, optimizer and the epoch's number. A run that is to go on bit for bit needs the
number of the step, the techniques' state and the generators of random numbers too. They go into a
file beside Keras', named by a digest of the weights, written before Keras writes its own and found
by the weights that Keras restored; so a kill between the two writes cannot mix two epochs.

Each technique's part is kept under its name, class and options, and only a technique that has all
three takes it up.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from regkit.core import schedules
from regkit.core.plan import Entry
from regkit.core.seam import generators
from regkit.core.seam.clock import optimizer_count
from regkit.types import Array, Schedule

__all__ = ["Kept", "is_asked_by_backup", "owner", "read", "rewrite", "write"]

_KEEP = 2  # files: one older than the last may still be the one that Keras has
Arrays = dict[str, Array]


@dataclass
class Kept:
    """What a backup holds beside the weights.

    Attributes:
        step: The number of training steps done; None where no technique acts in them.
        parts: For each technique, by `owner`: its base of draws, and its state as a list of arrays.
        host: For each technique, by `owner`, what its host events remember: numbers, text, arrays.
        states: Of the generators.
    """

    step: int | None
    parts: dict[str, list[Array]]
    host: dict[str, dict[str, Any]]
    states: Arrays = field(default_factory=dict)


def is_asked_by_backup() -> bool:
    """Return whether Keras' backup has called the function that asks, not anybody else's code."""
    caller = sys._getframe(2)
    names = caller.f_code.co_varnames
    asking = caller.f_locals.get(names[0]) if names else None
    return isinstance(asking, keras.callbacks.BackupAndRestore)


def owner(entry: Entry) -> str:
    """Return the text under which a technique's state is kept: its name, class and options."""
    technique = entry.technique
    kind = type(technique)
    options = ", ".join(f"{k}={_described(v)}" for k, v in technique.get_config().items())
    return f"{entry.label}: {kind.__module__}.{kind.__qualname__}({options})"


def _described(value: object) -> str:
    """Return an option as text that is the same in another process."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_described, value))}]"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if (text := schedules.text(value)) is not None:
        return text
    if hasattr(value, "shape"):
        return f"array{tuple(value.shape)}"
    where = value if hasattr(value, "__qualname__") else type(value)
    more = ""
    if isinstance(value, keras.layers.Layer):
        more = f" {value.name}"
    elif isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        more = f" {_config(value)}"
    return f"{where.__module__}.{where.__qualname__}{more}"


def _config(schedule: Schedule) -> str:
    """Return what a schedule of the user's says of itself, if it does."""
    try:
        return repr(schedule.get_config())
    except NotImplementedError:  # Keras' base class: it says nothing of itself, so its class tells
        return ""


def _file(model: keras.Model, folder: Path) -> Path:
    digest = hashlib.blake2b(digest_size=12)
    count = optimizer_count(model)
    for variable in ([] if count is None else [count]) + model.weights:
        value = keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))
        digest.update(np.ascontiguousarray(value).tobytes())
    return folder / f"regkit-{digest.hexdigest()}.npz"


def write(model: keras.Model, folder: Path, kept: Kept) -> Path:
    """Write what belongs to the weights of this moment, and return the file."""
    path = _file(model, folder)
    rewrite(model, path, kept)
    files = sorted(folder.glob("regkit-*.npz"), key=lambda file: file.stat().st_mtime_ns)
    for old in files[:-_KEEP]:
        old.unlink(missing_ok=True)
    return path


def rewrite(model: keras.Model, path: Path, kept: Kept) -> None:
    """Write a file anew; also where a host event comes after Keras wrote its backup."""
    plain = {
        "step": kept.step,
        "owners": list(kept.parts),
        "host": {k: {n: v for n, v in s.items() if not _is_array(v)} for k, s in kept.host.items()},
    }
    arrays = {
        f"part/{number}/{place}": array
        for number, arrays in enumerate(kept.parts.values())
        for place, array in enumerate(arrays)
    }
    arrays |= {
        f"host/{number}/{name}": value
        for number, state in enumerate(kept.host.values())
        for name, value in state.items()
        if _is_array(value)
    }
    arrays |= {f"generator/{name}": value for name, value in generators.read(model).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(path, arrays | {"plain": np.array(json.dumps(plain))})


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray)


def _save(path: Path, arrays: Arrays) -> None:
    """Write a file in one piece: it is there whole, or as it was."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes them for allow_pickle
    os.replace(temporary, path)


def read(model: keras.Model, folder: Path, owners: Iterable[str]) -> Kept | None:
    """Return what belongs to the restored weights, and set the generators.

    None, with a warning, where there is nothing: all then start afresh. A technique that has no
    part in it starts afresh too, with a warning of its own.
    """
    path = _file(model, folder)
    if not path.exists():
        _warn(
            f"{folder} holds a Keras backup, but no state of regkit's for its weights "
            f"({path.name}): techniques start afresh, and the run will differ from one without a "
            "break"
        )
        return None
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    kept = _unpacked(arrays)
    strangers = [name for name in owners if name not in kept.parts]
    if strangers:
        _warn(
            f"{path} was written by other techniques than {'; '.join(strangers)}, which start "
            f"afresh. It holds the state of {'; '.join(kept.parts) or 'none'}"
        )
    if not generators.restore(model, kept.states):
        _warn(f"{path} was written with another model: its random layers start afresh")
    return kept


def _unpacked(arrays: Arrays) -> Kept:
    plain = json.loads(str(arrays.pop("plain")))
    kept = Kept(plain["step"], {name: [] for name in plain["owners"]}, plain["host"])
    parts, hosts = list(kept.parts.values()), list(kept.host.values())
    for name, value in arrays.items():
        kind, rest = name.split("/", 1)
        if kind == "generator":
            kept.states[rest] = value
            continue
        number, key = rest.split("/", 1)
        if kind == "part":
            parts[int(number)].append(value)  # in the order of their places, as written
        else:
            hosts[int(number)][key] = value
    return kept


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=4)
