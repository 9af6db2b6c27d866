"""Names → classes, by entry points: find, load and classify apart, finding imports nothing.

A built-in has a bare name (`l2`); a plugin's technique has its distribution before it
(`its-distribution:its_name`), so installing a package never changes what an existing name means.
`REGKIT_PLUGINS=a,b` allows only these distributions, `REGKIT_BLOCK=c` blocks some.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regkit.core.errors import RegistryError, suggest

__all__ = ["BUILTIN", "KINDS", "Entry", "entries", "find", "identify", "load", "refresh"]

BUILTIN = "keras-regkit"
KINDS = {"regkit.techniques": "technique"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Entry:
    """One registered thing, as its distribution's metadata declares it; nothing is imported.

    Attributes:
        name: The entry's own name, `l2`.
        kind: "technique", by the entry point's group.
        distribution: The name of the distribution that registers it.
        version: Its version.
        state: "available", "blocked", "not allowed" or "invalid name".
        target: `module:attribute`.
    """

    name: str
    kind: str
    distribution: str
    version: str
    state: str
    target: str

    @property
    def id(self) -> str:
        """The full id; a built-in's is its bare name."""
        return self.name if self.distribution == BUILTIN else f"{self.distribution}:{self.name}"

    @property
    def summary(self) -> str:
        """The first sentence of the class's docstring, read from the source, not imported."""
        return _summary(self.target)


def _words(variable: str) -> set[str]:
    return {word.strip() for word in os.environ.get(variable, "").split(",") if word.strip()}


def _state(distribution: str, name: str) -> str:
    allowed, blocked = _words("REGKIT_PLUGINS"), _words("REGKIT_BLOCK")
    if not _NAME.fullmatch(name):
        return "invalid name"
    if distribution == BUILTIN:
        return "available"
    if distribution in blocked:
        return "blocked"
    return "not allowed" if allowed and distribution not in allowed else "available"


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Return everything registered, by id; one scan of the installed distributions a process."""
    found = {}
    for group, kind in KINDS.items():
        for point in importlib.metadata.entry_points(group=group):
            dist = point.dist
            owner, version = (dist.name, dist.version) if dist else ("unknown", "")
            entry = Entry(point.name, kind, owner, version, _state(owner, point.name), point.value)
            found[entry.id] = entry
    return tuple(sorted(found.values(), key=lambda entry: (":" in entry.id, entry.id)))


def refresh() -> None:
    """Scan again, after an installation in a running process."""
    importlib.invalidate_caches()
    entries.cache_clear()


def find(identifier: str) -> Entry:
    """Return the entry of an id.

    Raises:
        RegistryError: for an unknown id, with the nearest; for one that is not allowed, with why.
    """
    known = {entry.id: entry for entry in entries()}
    if identifier not in known:
        listing = ", ".join(known) or f"none; is {BUILTIN} installed?"
        near = suggest(identifier, known)
        raise RegistryError(f"no technique is called {identifier!r}{near or '.'} Known: {listing}")
    entry = known[identifier]
    if entry.state != "available":
        raise RegistryError(
            f"{identifier!r} of {entry.distribution} {entry.version} is {entry.state} "
            "(REGKIT_PLUGINS allows, REGKIT_BLOCK blocks distributions)"
        )
    return entry


def load(identifier: str) -> Any:
    """Return the class that an id names.

    Raises:
        RegistryError: where it is unknown, or importing it fails; the message gives distribution,
            version, target and cause.
    """
    entry = find(identifier)
    module, _, attribute = entry.target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a plugin may fail in any way; it must take down nothing but itself
        raise RegistryError(
            f"{identifier!r} cannot be loaded: {entry.target} of {entry.distribution} "
            f"{entry.version} failed with {type(error).__name__}: {error}. Reinstall or upgrade "
            f"{entry.distribution}, or set REGKIT_BLOCK={entry.distribution}"
        ) from error


def identify(cls: type) -> str | None:
    """Return the id under which a class is registered, or None."""
    target = f"{cls.__module__}:{cls.__qualname__}"
    usable = (entry for entry in entries() if entry.state == "available")
    return next((entry.id for entry in usable if entry.target == target), None)


@functools.cache
def _summary(target: str) -> str:
    module, _, attribute = target.partition(":")
    top, *below = module.split(".")
    spec = importlib.util.find_spec(top)  # of a top-level name: finds, does not import
    if spec is None:
        return ""
    files = [] if below else [Path(spec.origin or "")]
    for root in spec.submodule_search_locations or []:
        base = Path(root).joinpath(*below)
        files += [base.with_suffix(".py"), base / "__init__.py"]
    found = next((file for file in files if file.is_file()), None)
    return _first_sentence(found, attribute) if found else ""


def _first_sentence(file: Path, attribute: str) -> str:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
    return ""
