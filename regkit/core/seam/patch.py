"""Shadow methods of objects for the extent of a block, whatever happens inside.

An instance's `__dict__` is written directly: Keras' own `__setattr__` tracks what it is given. What
is shadowed is noted before it is done and struck off after it is undone, so that an interrupt at
any instant between leaves a note, by which `sweep` puts the attribute back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Shadows", "Wrap"]

_ABSENT = object()
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]
_Note = tuple[Any, str, Any]  # an object, the name of its attribute, the value before


class Shadows:
    """The attributes of one model, its layers and optimizer that are shadowed at the moment."""

    def __init__(self) -> None:
        self._notes: list[_Note] = []
        self._lock = threading.Lock()

    @contextmanager
    def replaced(self, target: Any, name: str, value: Any) -> Iterator[None]:
        """Give one attribute of an instance another value."""
        note = (target, name, target.__dict__.get(name, _ABSENT))
        self._notes.append(note)
        try:
            target.__dict__[name] = value
            yield
        finally:
            self._undo(note)

    def put(self, target: Any, name: str, value: Any) -> None:
        """Give one attribute of an instance another value until the next `sweep`."""
        self._notes.append((target, name, target.__dict__.get(name, _ABSENT)))
        target.__dict__[name] = value

    @contextmanager
    def patched(self, target: Any, name: str, wrap: Wrap) -> Iterator[None]:
        """Shadow a method by `wrap(method)`."""
        with self.replaced(target, name, wrap(getattr(target, name))):
            yield

    @contextmanager
    def patched_by_thread(self, target: Any, name: str, wrap: Wrap) -> Iterator[None]:
        """Shadow a method for this thread alone, as where replicas of a model run in threads."""
        thread = threading.get_ident()
        with self._lock:
            shared = target.__dict__.get(name)
            if not isinstance(shared, _ByThread):
                note = (target, name, target.__dict__.get(name, _ABSENT))
                self._notes.append(note)
                shared = target.__dict__[name] = _ByThread(getattr(target, name), note)
            shared.own[thread] = wrap(shared.original)
        try:
            yield
        finally:
            with self._lock:
                del shared.own[thread]
                if not shared.own:
                    self._undo(shared.note)

    def sweep(self) -> None:
        """Put back whatever an interrupt has left shadowed, the last first."""
        while self._notes:
            _put_back(self._notes[-1])
            self._notes.pop()

    def _undo(self, note: _Note) -> None:
        """Put back, unless it was swept: a block that an interrupt tore open may end much later."""
        if any(one is note for one in self._notes):
            _put_back(note)
            self._notes = [one for one in self._notes if one is not note]


class _ByThread:
    """A method that several threads shadow at once, each for itself."""

    def __init__(self, original: Callable[..., Any], note: _Note) -> None:
        self.original, self.note = original, note
        self.own: dict[int, Callable[..., Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.own.get(threading.get_ident(), self.original)(*args, **kwargs)


def _put_back(note: _Note) -> None:
    target, name, before = note
    if before is _ABSENT:
        target.__dict__.pop(name, None)
    else:
        target.__dict__[name] = before
