"""Shadow attributes of objects for the extent of a block, whatever happens inside.

An instance's `__dict__` is written directly: Keras' own `__setattr__` tracks what it is given. A
note is made before an attribute is shadowed, and removed after it is put back: so an interrupt at
any instant between leaves a note, by which `sweep` puts the attribute back.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

__all__ = ["Change", "Shadows"]

_ABSENT = object()


class Change(NamedTuple):
    """A method to shadow: `method(*args)` becomes `call(method, *args)`."""

    target: object
    name: str
    call: Callable[..., Any]


_Key = tuple[int, str, int]  # the target's id, the attribute, how many shadow it already


class _Note(NamedTuple):
    key: _Key
    target: object
    name: str
    before: object


class Shadows:
    """The attributes of one model, its layers and optimizer that are shadowed at the moment.

    Attributes:
        by_thread: Whether methods are shadowed for the running thread alone, as where TensorFlow
            runs replicas of a model in threads, each with a step of its own.
    """

    def __init__(self) -> None:
        self.by_thread = False
        self._notes: dict[_Key, _Note] = {}
        self._lock = threading.Lock()

    @contextmanager
    def patched(self, changes: Iterable[Change]) -> Iterator[None]:
        """Shadow methods, the first of them first, and put them back in the opposite order."""
        shadow = self._shadow_here if self.by_thread else self._shadow
        undo_all: list[Callable[[], None]] = []
        try:
            for change in changes:
                undo_all.append(shadow(change))  # noqa: PERF401  # each noted as soon as it is done
            yield
        finally:
            for undo in reversed(undo_all):
                undo()

    @contextmanager
    def replaced(self, target: object, name: str, value: object) -> Iterator[None]:
        """Give one attribute of an instance another value."""
        with self.all_replaced([(target, name, value)]):
            yield

    @contextmanager
    def all_replaced(self, values: Iterable[tuple[object, str, object]]) -> Iterator[None]:
        """Give attributes of instances, (instance, name, value), other values."""
        notes: list[_Note] = []
        try:
            for value in values:
                notes.append(self._put(*value))  # noqa: PERF401  # each noted as soon as it is done
            yield
        finally:
            for note in reversed(notes):
                self._undo(note)

    def changed(
        self, target: object, name: str, change: Callable[[Any], Any]
    ) -> AbstractContextManager[None]:
        """Give one attribute of an instance the value `change(attribute)`."""
        now = getattr(target, name)
        if self.by_thread and callable(now):
            return self.patched([Change(target, name, lambda own, *a, **k: change(own)(*a, **k))])
        return self.replaced(target, name, change(now))

    def put(self, target: object, name: str, value: object) -> None:
        """Give one attribute of an instance another value until the next `sweep`."""
        self._put(target, name, value)

    def sweep(self) -> None:
        """Put back whatever an interrupt has left shadowed, the last first."""
        while self._notes:
            key = next(reversed(self._notes))
            _put_back(self._notes[key])
            del self._notes[key]

    def _put(self, target: object, name: str, value: object) -> _Note:
        # The same key in every step: what torch.compile has compiled for a step rests on it.
        depth = sum(1 for key in list(self._notes) if key[:2] == (id(target), name))
        note = _Note((id(target), name, depth), target, name, target.__dict__.get(name, _ABSENT))
        self._notes[note.key] = note
        target.__dict__[name] = value
        return note

    def _shadow(self, change: Change) -> Callable[[], None]:
        """Shadow a method; return what puts it back."""
        target, name, call = change
        note = self._put(target, name, functools.partial(call, getattr(target, name)))
        return functools.partial(self._undo, note)

    def _undo(self, note: _Note) -> None:
        """Put back, unless it was swept: a block that an interrupt tore open may end much later."""
        if self._notes.get(note.key) is note:
            _put_back(note)
            del self._notes[note.key]

    def _shadow_here(self, change: Change) -> Callable[[], None]:
        """Shadow a method for this thread; return what puts it back."""
        target, name, call = change
        thread = threading.get_ident()
        with self._lock:
            shared = target.__dict__.get(name)
            if not isinstance(shared, _ByThread):
                shared = _ByThread(getattr(target, name))
                shared.note = self._put(target, name, shared)
            before = shared.own.get(thread)
            shared.own[thread] = functools.partial(call, before or shared.original)

        def undo() -> None:
            with self._lock:
                if before is not None:
                    shared.own[thread] = before
                    return
                shared.own.pop(thread, None)
                if not shared.own:
                    self._undo(shared.note)

        return undo


class _ByThread:
    """A method that several threads shadow at once, each for itself."""

    note: _Note

    def __init__(self, original: Callable[..., Any]) -> None:
        self.original = original
        self.own: dict[int, Callable[..., Any]] = {}

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return self.own.get(threading.get_ident(), self.original)(*args, **kwargs)


def _put_back(note: _Note) -> None:
    _, target, name, before = note
    if before is _ABSENT:
        target.__dict__.pop(name, None)
    else:
        target.__dict__[name] = before
