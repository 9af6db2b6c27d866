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

__all__ = [
    "BUILTIN",
    "KINDS",
    "Entry",
    "entries",
    "find",
    "identify",
    "known",
    "load",
    "refresh",
    "search",
]

_scanned = functools.cache(scan)
_failures: dict[tuple[str, str], str] = {}  # (kind, id) of what failed when it was loaded → why


def entries(kind: str | None = None) -> tuple[Entry, ...]:
    """Return everything registered, or what is of a kind; one scan of what is installed a process.

    Example:
        >>> [entry.id for entry in entries("layer") if entry.distribution == BUILTIN]
        ['drop_connect', 'elastic_distortion']
    """
    return tuple(_as_seen(entry) for entry in _scanned() if kind in (None, entry.kind))


def search(words: str, kind: str | None = None) -> tuple[Entry, ...]:
    """Return the entries whose id, first sentence or other names hold all of some words.

    Example:
        >>> [entry.id for entry in search("ridge")]
        ['l2']
    """
    wanted = words.lower().split()

    def matches(entry: Entry) -> bool:
        text = " ".join([entry.id, entry.id.replace("_", " "), entry.summary, *entry.search_words])
        return all(word in text.lower() for word in wanted)

    return tuple(filter(matches, entries(kind)))


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
    registered = entries(kind)
    for entry in registered:
        if entry.id == wanted:
            return entry
    raise RegistryError(_unknown(identifier, wanted, kind, registered))


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


def _unknown(identifier: str, wanted: str, kind: str, registered: tuple[Entry, ...]) -> str:
    """Return what to say of an id that nothing of a kind has: what is near, and what there is."""
    ids = [entry.id for entry in registered]
    if near := _nearest(wanted, registered):
        return f"no {kind} is called {identifier!r}{near} All: regkit list"
    owner = wanted.rpartition(":")[0]
    if owner and owner not in {entry.distribution for entry in entries()}:
        near = f"; no installed distribution {owner!r} registers anything: install it."
    built_in = ", ".join(each for each in ids if ":" not in each)
    known = built_in or f"none; is {BUILTIN} installed?"
    of_plugins = sum(":" in each for each in ids)
    others = f" and {of_plugins} of plugins (regkit list)" if of_plugins else ""
    return f"no {kind} is called {identifier!r}{near or '.'} Known: {known}{others}"


def _nearest(wanted: str, registered: tuple[Entry, ...]) -> str:
    """Return "; did you mean …?" for the entry that an unknown id may mean, or nothing."""
    ids = [entry.id for entry in registered]
    if ":" in wanted:
        return suggest(wanted, ids)
    of_plugins = [each for each in ids if each.endswith(f":{wanted}")]
    words = wanted.replace("_", " ").lower()
    called = [
        entry.id for entry in registered if words in map(str.lower, entry.search_words) and words
    ]
    meant = [*of_plugins, *called]
    return f"; did you mean {meant[0]!r}?" if meant else suggest(wanted, ids)
