"""Albumentations itself: the right distribution, imported without asking the network."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import os
import random
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Protocol, TypeGuard

import keras
import numpy as np

from regkit import RegkitError

__all__ = [
    "AnyTransform",
    "Composition",
    "Sample",
    "albumentations",
    "is_transform",
    "single_threaded_opencv",
]

_SWITCH = "NO_ALBUMENTATIONS_UPDATE"  # where it is unset, the import asks PyPI for updates
_SUCCESSOR = "albumentationsx"

# By Albumentations' names: the image, and what else belongs to a sample.
Sample = dict[str, Any]


class AnyTransform(Protocol):
    """A transform or a composition of Albumentations, by what is used of it."""

    p: float
    available_keys: set[str]

    def __call__(self, *, force_apply: bool = False, **sample: object) -> Sample:
        """Return the transformed sample."""

    def set_random_state(
        self, random_generator: np.random.Generator, py_random: random.Random
    ) -> None:
        """Draw from other generators."""

    def to_dict(self) -> dict[str, Any]:
        """Return what makes the transform again."""


class Composition(AnyTransform, Protocol):
    """A composition of transforms."""

    transforms: list[AnyTransform]
    processors: dict[str, Any]
    strict: bool
    save_applied_params: bool


@functools.cache
def albumentations() -> ModuleType:
    """Return the module, imported when it is first needed.

    Raises:
        RegkitError: where it is not installed, or its successor under the AGPL is.
    """
    refuse_successor()
    before = os.environ.get(_SWITCH)
    os.environ[_SWITCH] = "1"
    try:
        with _without_pytorch():
            return importlib.import_module("albumentations")
    except ImportError as error:
        raise RegkitError(
            f"Albumentations cannot be imported ({error}); install it by "
            'pip install "albumentations>=2.0.8,<2.1"'
        ) from error
    finally:
        if before is None:
            del os.environ[_SWITCH]
        else:
            os.environ[_SWITCH] = before


def refuse_successor() -> None:
    """Refuse AlbumentationsX, which installs its files under the same import name.

    Raises:
        RegkitError: where it is installed, alone or over the files of Albumentations.
    """
    try:
        version = importlib.metadata.version(_SUCCESSOR)
    except importlib.metadata.PackageNotFoundError:
        return
    raise RegkitError(
        f"'albumentations' here is AlbumentationsX {version}, which is under the AGPL; "
        "regkit-albumentations works with Albumentations 2.0.8, the last version under the MIT "
        f"licence: pip uninstall {_SUCCESSOR}, then pip install --force-reinstall "
        '"albumentations==2.0.8"'
    )


@contextlib.contextmanager
def _without_pytorch() -> Iterator[None]:
    """Hide PyTorch where it is not in use: Albumentations would import it for a single class.

    Loaded after TensorFlow it can crash the process, and it takes seconds.
    """
    if keras.backend.backend() == "torch" or "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # so that an import fails
    try:
        yield
    finally:
        del sys.modules["torch"]


def is_transform(value: object) -> TypeGuard[AnyTransform]:
    """Return whether an object is a transform or a composition of Albumentations.

    Example:
        >>> is_transform(albumentations().HorizontalFlip()), is_transform("HorizontalFlip")
        (True, False)
    """
    library = albumentations()
    return isinstance(value, library.BasicTransform | library.BaseCompose)


_lock = threading.Lock()
_inside = 0  # open blocks, in all threads
_threads = 0  # OpenCV's number of threads before the first block


def _after_fork() -> None:
    """Reset the count and the lock: threads that hold it are not part of a forked process."""
    global _lock, _inside
    _lock, _inside = threading.Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextlib.contextmanager
def single_threaded_opencv() -> Iterator[None]:
    """Keep OpenCV from starting threads within the block, which may be open in several threads.

    Workers that each start as many threads as there are cores slow each other down. The last block
    to end restores OpenCV's number of threads.
    """
    global _inside, _threads
    import cv2

    with _lock:
        if _inside == 0:
            _threads = cv2.getNumThreads()
            cv2.setNumThreads(0)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                cv2.setNumThreads(_threads)
