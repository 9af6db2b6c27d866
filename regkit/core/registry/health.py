"""What is wrong with the metadata of installed plugins: copies, what is gone, misspelt groups."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from regkit.core.errors import suggest
from regkit.core.registry.entry import BUILTIN, KINDS, printable
from regkit.core.registry.metadata import Declared, Distribution, declared

__all__ = ["Health", "health"]


@dataclass
class Health:
    """A distribution with entry points for regkit, and what its metadata suffers from.

    Attributes:
        distribution: The copy that Python uses, the first on the path.
        problems: What is wrong, each with what to do.
        notes: What could be better.
    """

    distribution: Distribution
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def health() -> list[Health]:
    """Return every distribution with entry points for regkit, by name; nothing is imported."""
    copies: dict[str, list[tuple[Distribution, importlib.metadata.Distribution]]] = {}
    by_name: dict[str, Health] = {}
    for dist in importlib.metadata.distributions():
        plugin = declared(dist)
        if plugin is None:
            continue
        about, lines = plugin
        copies.setdefault(about.name, []).append((about, dist))
        if about.name not in by_name:
            by_name[about.name] = Health(about, [*_gone(about, dist), *_unknown_groups(lines)])
            if about.name != BUILTIN and not about.requires:
                by_name[about.name].notes.append(
                    f'it does not say which regkit it needs: dependencies = ["{BUILTIN}>=…"]'
                )
    for name, several in copies.items():
        by_name[name].problems += _two_versions(name, several)
    return [by_name[name] for name in sorted(by_name)]


def _two_versions(
    name: str, several: list[tuple[Distribution, importlib.metadata.Distribution]]
) -> Iterator[str]:
    places = {about.version: _folder(dist) for about, dist in several}
    if len(places) > 1:
        listed = " and ".join(f"{version} in {place}" for version, place in places.items())
        yield (
            f"metadata of {len(places)} versions are there, {listed}: pip uninstall {name} until "
            f"none is left, then install it again"
        )


def _gone(about: Distribution, dist: importlib.metadata.Distribution) -> Iterator[str]:
    """Say where an editable install's folder is gone."""
    try:
        origin = json.loads(dist.read_text("direct_url.json") or "{}")
        editable = bool(origin.get("dir_info", {}).get("editable"))
        folder = Path(unquote(urlsplit(str(origin.get("url", ""))).path))
        missing = editable and not folder.exists()
    # Written by others, it may hold anything. Not knowing hides nothing: where the folder is gone
    # the import fails, and the doctor says that.
    except Exception:
        return
    if missing:
        yield (
            f"it is an editable install of {printable(str(folder))}, which is gone: install it "
            f"again, or pip uninstall {about.name}"
        )


def _unknown_groups(lines: list[Declared]) -> Iterator[str]:
    for group in dict.fromkeys(line.group for line in lines):
        if group not in KINDS:
            near = suggest(group, KINDS)
            yield (
                f"its entry point group {printable(group)!r} is not known to this regkit"
                f"{near or ': upgrade keras-regkit, or correct it'}"
            )


def _folder(dist: importlib.metadata.Distribution) -> str:
    try:
        return printable(str(dist.locate_file("")))
    except Exception:  # a finder's own kind of distribution may raise anything; it is shown as "?"
        return "?"
