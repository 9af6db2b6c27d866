"""What a distribution registers; nothing is imported, neither Keras nor the plugin."""

from __future__ import annotations

from regkit.core import registry
from regkit.core.errors import RegistryError, suggest
from regkit.core.registry import Entry
from regkit.core.registry.entry import canonical

__all__ = ["entries_of"]


def entries_of(distribution: str) -> list[Entry]:
    """Return what a distribution registers.

    Raises:
        RegistryError: where that is nothing, with the nearest that there is.

    Example:
        >>> [entry.id for entry in entries_of("keras-regkit") if entry.kind == "layer"]
        ['drop_connect', 'elastic_distortion']
    """
    wanted = canonical(distribution)
    registered = [entry for entry in registry.entries() if entry.distribution == wanted]
    if not registered:
        known = sorted({entry.distribution for entry in registry.entries()})
        raise RegistryError(
            f"no installed distribution {distribution!r} registers anything"
            f"{suggest(wanted, known) or '.'} Known: {', '.join(known)}. Install it; its "
            'pyproject.toml needs a table such as [project.entry-points."regkit.techniques"]'
        )
    return registered
