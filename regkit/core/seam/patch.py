"""Replace attributes of objects for the extent of a block, whatever happens inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["patched"]

_ABSENT = object()


@contextmanager
def patched(target: Any, **attributes: Any) -> Iterator[None]:
    """Shadow attributes of one instance.

    The instance's `__dict__` is written directly: Keras' own `__setattr__` tracks what it is given.
    """
    before = {name: target.__dict__.get(name, _ABSENT) for name in attributes}
    target.__dict__.update(attributes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is _ABSENT:
                target.__dict__.pop(name, None)
            else:
                target.__dict__[name] = value
