"""What the record says of the data, the software and the machine."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import math
import os
import platform
from collections.abc import Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.parts import Parts
from regkit.comparison.record.results import DataFacts, Environment
from regkit.data.dataset import Dataset

__all__ = ["count_duplicates", "count_test_examples", "describe_data", "describe_environment"]


def describe_data(data: Dataset, first: Parts) -> DataFacts:
    """Return what identifies the data, and the sizes and statistics of the first repeat's parts."""
    regression = data.n_classes is None
    wrong = 0.0 if regression else float((first.y_noisy != first.y_train).mean())
    return {
        "name": data.name,
        "note": data.note,
        "sha256": data.sha256,
        "task": data.task,
        "shape": list(first.x_train.shape[1:]),
        "n_features": math.prod(data.x.shape[1:]),
        "columns": _columns(data),
        "classes": list(data.class_names),
        "fixed_test": data.x_test is not None,
        "n_train": len(first.y_train),
        "n_validation": len(first.y_val),
        "n_test": len(first.y_test),
        "test_counts": count_test_examples(data, first),
        "labels_wrong": wrong,
        "target_mean": first.target_mean,
        "target_scale": first.target_scale,
        "duplicates": count_duplicates(first.x_train, first.x_test),
    }


def count_test_examples(data: Dataset, first: Parts) -> dict[str, int]:
    """Return the number of test examples of each class; nothing for a regression."""
    if data.n_classes is None:
        return {}
    counts = np.bincount(first.y_test.astype(int), minlength=data.n_classes).tolist()
    return dict(zip(data.class_names, counts, strict=True))


def _columns(data: Dataset) -> dict[str, int]:
    """Return how many features of a table are numbers, categories, and have missing cells."""
    if data.image_shape is not None:
        return {}
    categories = sum(column.categories is not None for column in data.columns)
    return {
        "numbers": data.x.shape[1] - categories,
        "categories": categories,
        "with_missing": sum(column.missing for column in data.columns),
    }


def count_duplicates(train: NDArray[np.float32], test: NDArray[np.float32]) -> int:
    """Return how many test examples are also training examples, byte for byte.

    Example:
        >>> count_duplicates(np.float32([[1, 2], [3, 4]]), np.float32([[3, 4], [3, 5], [3, 4]]))
        2
    """
    seen = set(_digests(train))
    return sum(digest in seen for digest in _digests(test))


def _digests(rows: NDArray[np.float32]) -> Iterator[bytes]:
    return (hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows)


def describe_environment(parameters: int) -> Environment:
    """Return versions, hardware and time: what it takes to get the same numbers again."""
    backend = keras.backend.backend()
    names = ("keras-regkit", "keras", backend, "numpy", "scipy")
    versions: dict[str, str] = {}
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
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _devices(backend: str) -> list[str]:
    if backend == "torch":  # for which Keras lists none
        from regkit.ops.backends.torch import device_names

        return device_names()
    return [str(device) for device in keras.distribution.list_devices()]
