"""Names → classes, by entry points: find, load and classify apart, finding imports nothing.

A built-in has a bare name (`l2`); a plugin's technique has its distribution before it
(`its-distribution:its_name`), so installing a package never changes what an existing name means.
An id is unique within its kind: the technique `drop_connect`, the layer `drop_connect`.
`REGKIT_PLUGINS=a,b` allows only these distributions, `REGKIT_BLOCK=c` blocks some; built-ins are
always there.
"""

from __future__ import annotations

import functools
import importlib
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

from regkit.core.errors import RegistryError, suggest
from regkit.core.registry import source
from regkit.core.registry.entry import AVAILABLE, BUILTIN, KINDS, Entry, normal_id
from regkit.core.registry.finding import scan
from regkit.core.registry.loading import imported

__all__ = ["BUILTIN", "KINDS", "Entry", "entries", "find", "identify", "known", "load", "refresh"]

_scanned = functools.cache(scan)
_failures: dict[tuple[str, str], str] = {}  # (kind, id) of what failed when it was loaded → why


def entries(kind: str | None = None) -> tuple[Entry, ...]:
    """Return everything registered, or what is of a kind; one scan of what is installed a process.

    Example:
        >>> [one.id for one in entries("layer") if one.distribution == BUILTIN]
        ['drop_connect', 'elastic_distortion']
    """
    found = (_as_seen(entry) for entry in _scanned())
    return tuple(entry for entry in found if kind in (None, entry.kind))


def refresh() -> None:
    """Scan again, after an installation or a repair in a running process."""
    importlib.invalidate_caches()
    _scanned.cache_clear()
    _failures.clear()
    source.forget()


def known(identifier: str, kind: str = "technique") -> Entry:
    """Return the entry of an id, available or not.

    Raises:
        RegistryError: for an unknown id, with the nearest.
    """
    wanted = normal_id(identifier)
    there = entries(kind)
    found = next((entry for entry in there if entry.id == wanted), None)
    if found is None:
        raise RegistryError(_unknown(identifier, wanted, kind, there))
    return found


def find(identifier: str, kind: str = "technique") -> Entry:
    """Return the entry of an id, where it can be used.

    Raises:
        RegistryError: for an unknown id, with the nearest; for one that is not available, with why.
    """
    entry = known(identifier, kind)
    if entry.state == AVAILABLE:
        return entry
    if (entry.kind, entry.id) in _failures:
        raise RegistryError(entry.reason)
    raise RegistryError(
        f"{identifier!r} of {entry.distribution} {entry.version} is {entry.state}: {entry.reason} "
        "(REGKIT_PLUGINS allows, REGKIT_BLOCK blocks distributions; see regkit plugins)"
    )


def load(identifier: str, kind: str = "technique") -> Any:
    """Return the class that an id names.

    What failed once fails again without running anything, until `refresh`.

    Raises:
        RegistryError: where it is unknown, importing it fails, or it is not of its kind; the
            message gives distribution, version, target and cause.

    Example:
        >>> load("l2").__name__
        'L2'
    """
    entry = find(identifier, kind)
    try:
        return imported(entry)
    except RegistryError as error:
        _failures[entry.kind, entry.id] = str(error)
        raise


def identify(cls: type) -> str | None:
    """Return the id under which a class is registered, or None."""
    usable = (entry for entry in entries() if entry.state == AVAILABLE)
    return next((entry.id for entry in usable if _is(entry, cls)), None)


def _as_seen(entry: Entry) -> Entry:
    failed = _failures.get((entry.kind, entry.id))
    return replace(entry, state="broken", reason=failed) if failed else entry


def _is(entry: Entry, cls: type) -> bool:
    if entry.target == f"{cls.__module__}:{cls.__qualname__}":
        return True
    module = sys.modules.get(entry.module)  # a package that passes the class on
    return isinstance(module, ModuleType) and vars(module).get(entry.attribute) is cls


def _unknown(identifier: str, wanted: str, kind: str, there: tuple[Entry, ...]) -> str:
    ids = [entry.id for entry in there]
    owner, colon, name = wanted.rpartition(":")
    if not colon:
        of_plugins = [one for one in ids if one.endswith(f":{name}")]
        near = f"; did you mean {of_plugins[0]!r}?" if of_plugins else suggest(wanted, ids)
    else:
        near = suggest(wanted, ids)
        if owner not in {entry.distribution for entry in entries()} and not near:
            near = f"; no installed distribution {owner!r} registers anything: install it."
    bare = ", ".join(one for one in ids if ":" not in one) or f"none; is {BUILTIN} installed?"
    more = sum(":" in one for one in ids)
    others = f" and {more} of plugins (regkit list)" if more else ""
    return f"no {kind} is called {identifier!r}{near or '.'} Known: {bare}{others}"
