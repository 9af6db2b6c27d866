"""Shadow methods of objects for the extent of a block, whatever happens inside.

An instance's `__dict__` is written directly: Keras' own `__setattr__` tracks what it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Wrap", "patched", "patched_by_thread", "replaced"]

_ABSENT = object()
_LOCK = threading.Lock()
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


@contextmanager
def replaced(target: Any, name: str, value: Any) -> Iterator[None]:
    """Give one attribute of an instance another value."""
    before = target.__dict__.get(name, _ABSENT)
    target.__dict__[name] = value
    try:
        yield
    finally:
        _put(target, name, before)


@contextmanager
def patched(target: Any, name: str, wrap: Wrap) -> Iterator[None]:
    """Shadow a method by `wrap(method)`."""
    with replaced(target, name, wrap(getattr(target, name))):
        yield


@contextmanager
def patched_by_thread(target: Any, name: str, wrap: Wrap) -> Iterator[None]:
    """Shadow a method for this thread alone, as where replicas of a model run in threads."""
    thread = threading.get_ident()
    with _LOCK:
        shared = target.__dict__.get(name)
        if not isinstance(shared, _ByThread):
            shared = _ByThread(getattr(target, name), target.__dict__.get(name, _ABSENT))
            target.__dict__[name] = shared
        shared.own[thread] = wrap(shared.original)
    try:
        yield
    finally:
        with _LOCK:
            del shared.own[thread]
            if not shared.own:
                _put(target, name, shared.before)


class _ByThread:
    """A method that several threads shadow at once, each for itself."""

    def __init__(self, original: Callable[..., Any], before: Any) -> None:
        self.original, self.before = original, before
        self.own: dict[int, Callable[..., Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.own.get(threading.get_ident(), self.original)(*args, **kwargs)


def _put(target: Any, name: str, value: Any) -> None:
    if value is _ABSENT:
        target.__dict__.pop(name, None)
    else:
        target.__dict__[name] = value
