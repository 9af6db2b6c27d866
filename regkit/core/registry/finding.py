"""Finding: one scan of the installed distributions, which imports nothing, and what it refuses."""

from __future__ import annotations

import importlib.metadata
import os
import re
from collections import Counter
from collections.abc import Iterator

from regkit import __version__
from regkit.core.registry import metadata, source
from regkit.core.registry.entry import (
    AVAILABLE,
    BUILTIN,
    KINDS,
    NAME,
    Entry,
    canonical,
    printable,
)

__all__ = ["scan", "words"]

_TARGET = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*:\s*([^\W\d]\w*)\s*(?:\[[^\]]*\])?")
_ORDER = list(KINDS.values())


def scan() -> tuple[Entry, ...]:
    """Return everything registered, by kind, built-ins first, then by id."""
    entries: list[Entry] = []
    seen: set[str] = set()
    for dist in importlib.metadata.distributions():
        name = metadata.folder_name(dist)
        if name in seen:
            continue  # of two versions the first on the path counts, as for Python
        seen.add(name)
        plugin = metadata.declared(dist)
        if plugin:
            entries += _entries(*plugin)
    return tuple(
        sorted(entries, key=lambda entry: (_ORDER.index(entry.kind), ":" in entry.id, entry.id))
    )


def words(variable: str) -> set[str]:
    """Return the distributions that an environment variable names, in their normal form."""
    return {canonical(word) for word in os.environ.get(variable, "").split(",") if word.strip()}


def _entries(plugin: metadata.Distribution, lines: list[metadata.Declared]) -> Iterator[Entry]:
    if plugin.problem and not lines:
        lines = [metadata.Declared("regkit.techniques", "?", "")]  # so that it is seen in lists
    times = Counter((line.group, line.name) for line in lines)
    for line in lines:
        if line.group not in KINDS:
            continue  # of a later regkit
        target = _TARGET.fullmatch(line.value or "")
        state, reason = _state(plugin, line, times[line.group, line.name] > 1)
        yield Entry(
            name=printable(line.name, most=80),
            kind=KINDS[line.group],
            distribution=plugin.name,
            version=plugin.version,
            state=state,
            target=f"{target[1]}:{target[2]}" if target else printable(line.value or ""),
            reason=reason,
            requires=plugin.requires,
        )


def _state(plugin: metadata.Distribution, line: metadata.Declared, twice: bool) -> tuple[str, str]:
    """Return the state of an entry and the reason for it, by its metadata alone."""
    allowed = words("REGKIT_PLUGINS")
    target = _TARGET.fullmatch(line.value or "")
    reinstall = f"install {plugin.name} again, from where it came"
    if plugin.name != BUILTIN:
        if plugin.name in words("REGKIT_BLOCK"):
            return "blocked", "REGKIT_BLOCK names its distribution"
        if allowed and plugin.name not in allowed:
            return "not allowed", "REGKIT_PLUGINS is set and does not name its distribution"
    if plugin.problem:
        return "broken", f"{plugin.problem}: {reinstall}"
    if not NAME.fullmatch(line.name):
        return "invalid name", "a name is a letter a to z, then letters, digits and underscores"
    if twice:
        return "duplicate", f"its distribution registers two {KINDS[line.group]}s of this name"
    if not target:
        return "broken", "its entry point must be module:Class"
    if metadata.unmet(plugin.requires, __version__):
        return "incompatible", f"it needs {BUILTIN}{plugin.requires}; this is {__version__}"
    if plugin.name == BUILTIN and not target[1].startswith("regkit."):
        return "broken", f"a built-in lies in the package regkit; {BUILTIN} is not what it says"
    if not source.importable(target[1]):
        return "broken", f"there is no module {target[1].partition('.')[0]!r}: {reinstall}"
    return AVAILABLE, ""
