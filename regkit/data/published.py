"""Well-known image sets through `keras.datasets`: from Keras' cache, else by a download."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regkit.data.arrays import from_arrays
from regkit.data.dataset import DataError, Dataset
from regkit.data.npz import read_arrays

__all__ = ["PUBLISHED", "cache", "load_published"]

TIMEOUT = 15.0  # seconds within which a server must answer or send the next bytes
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"


@dataclasses.dataclass(frozen=True)
class _Source:
    """Where the files of a set are published, and their name in Keras' cache."""

    about: str
    folder: str
    files: tuple[str, ...]
    kept_as: str = ""


PUBLISHED = {
    "mnist": _Source("handwritten digits", KERAS, ("mnist.npz",), "mnist.npz"),
    "fashion_mnist": _Source(
        "articles of clothing",
        KERAS,
        (
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ),
        "fashion-mnist",
    ),
    "cifar10": _Source(
        "colour photographs of ten kinds of things",
        "https://www.cs.toronto.edu/~kriz",
        ("cifar-10-python.tar.gz",),
        "cifar-10-batches-py-target_archive",
    ),
}


def load_published(name: str) -> Dataset:
    """Return one of `PUBLISHED`, with the test part that its authors fixed.

    Raises:
        DataError: where it is not in the cache and cannot be downloaded; it says which file to put
            where.
    """
    source = PUBLISHED[name]
    note = f"{source.about}, as keras.datasets has them, with the test part of their authors"
    cached = cache() / source.kept_as
    if name == "mnist" and cached.exists():
        # Keras checks a digest, and would overwrite another file that the user put there.
        data = read_arrays(cached, task="classification")
        return dataclasses.replace(data, name=name, note=f"{note}; {data.note}")
    import keras

    try:
        with _timeout(TIMEOUT):
            (x, y), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises plain ones; the remedy is the same for all
        raise DataError(_help(name, source, error)) from error
    return from_arrays(x, y, name, x_test=x_test, y_test=y_test, note=note, task="classification")


def cache() -> Path:
    """Return the folder in which `keras.datasets` keeps its files: below KERAS_HOME or ~/.keras."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """Let connections fail after so many seconds, within a block."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _help(name: str, source: _Source, error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    urls = ", ".join(f"{source.folder}/{file}" for file in source.files)
    them = "it as" if len(source.files) == 1 else "them in the folder"
    return (
        f"{name} is not, or not complete, in Keras' cache and cannot be downloaded ({reason}). "
        f"Where there is a network, download {urls}; save {them} {cache() / source.kept_as}. Or "
        "give a path to an .npz with x_train, y_train, x_test, y_test"
    )
