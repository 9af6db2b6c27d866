"""Albumentations itself: the right distribution, imported without asking the network."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import os
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras

from regkit import RegkitError

__all__ = ["albumentations", "is_transform", "single_threaded_opencv"]

_SWITCH = "NO_ALBUMENTATIONS_UPDATE"  # unset, the import asks PyPI for the newest version
_SUCCESSOR = "albumentationsx"


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
        RegkitError: where it is installed, alone or over the files of the other.
    """
    try:
        version = importlib.metadata.version(_SUCCESSOR)
    except importlib.metadata.PackageNotFoundError:
        return
    raise RegkitError(
        f"'albumentations' here is AlbumentationsX {version}, which is under the AGPL; "
        "regkit-albumentations works with Albumentations 2.0.8, the last one under the MIT "
        f"licence: pip uninstall {_SUCCESSOR}, then pip install --force-reinstall "
        '"albumentations==2.0.8"'
    )


@contextlib.contextmanager
def _without_pytorch() -> Iterator[None]:
    """Let PyTorch seem missing, where it is not in use: the import would bring it for one class.

    Loaded after TensorFlow it can crash the process, and it takes seconds.
    """
    if keras.backend.backend() == "torch" or "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # an import fails then
    try:
        yield
    finally:
        del sys.modules["torch"]


def is_transform(value: Any) -> bool:
    """Return whether an object is a transform of Albumentations, a composition of some included.

    Example:
        >>> is_transform(albumentations().HorizontalFlip()), is_transform("HorizontalFlip")
        (True, False)
    """
    library = albumentations()
    return isinstance(value, library.BasicTransform | library.BaseCompose)


_lock = threading.Lock()
_inside = 0  # blocks that are open now, in all threads
_threads = 0  # what OpenCV had before the first of them


def _in_a_forked_process() -> None:
    """Begin anew: the threads that were inside, and may hold the lock, are not here."""
    global _lock, _inside
    _lock, _inside = threading.Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_forked_process)


@contextlib.contextmanager
def single_threaded_opencv() -> Iterator[None]:
    """Keep OpenCV from starting threads within the block, which may be open in several threads.

    Workers that each start as many threads as there are cores hinder one another. The last block
    to end puts OpenCV's number back.
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
