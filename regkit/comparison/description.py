"""What the record says of the data, the software and the machine."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import shlex
import sys
from typing import Any

import keras
import numpy as np

from regkit.comparison.design import Parts
from regkit.data.dataset import Dataset

__all__ = ["describe_data", "describe_environment"]


def describe_data(data: Dataset, first: Parts) -> dict[str, Any]:
    """Return what identifies the data and the sizes of the parts."""
    counts = np.bincount(first.y_test, minlength=data.n_classes)
    return {
        "name": data.name,
        "note": data.note,
        "sha256": data.sha256,
        "shape": list(first.x_train.shape[1:]),
        "classes": list(data.class_names),
        "fixed_test": data.x_test is not None,
        "n_train": len(first.y_train),
        "n_validation": len(first.y_val),
        "n_test": len(first.y_test),
        "test_counts": dict(zip(data.class_names, counts.tolist(), strict=True)),
        "labels_wrong": float((first.y_noisy != first.y_train).mean()),
    }


def describe_environment(parameters: int) -> dict[str, Any]:
    """Return versions, hardware, command and time, for whoever wants the same numbers again."""
    backend = keras.backend.backend()
    names = ("keras-regkit", "keras", backend, "numpy", "scipy")
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # tensorflow-cpu and the like
            versions[name] = "unknown"
    return {
        "backend": backend,
        "versions": {"python": platform.python_version(), **versions},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "devices": _devices(backend),
        "parameters": parameters,
        "command": shlex.join(sys.argv),
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _devices(backend: str) -> list[str]:
    if backend == "torch":  # for which Keras lists none
        from regkit.ops.backends.torch import device_names

        return device_names()
    return [str(one) for one in keras.distribution.list_devices()]
