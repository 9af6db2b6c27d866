"""What an entry point says: an entry, its id, and the words for its kind and state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regkit.core.registry import source

__all__ = ["AVAILABLE", "BUILTIN", "KINDS", "NAME", "Entry", "canonical", "normal_id", "printable"]

BUILTIN = "keras-regkit"
KINDS = {
    "regkit.techniques": "technique",
    "regkit.layers": "layer",
    "regkit.regularizers": "regularizer",
    "regkit.models": "model",
    "regkit.ensembles": "ensemble",
}
AVAILABLE = "available"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def canonical(distribution: str) -> str:
    """Return a distribution's name in its normal form (PEP 503), as it stands in ids.

    Example:
        >>> canonical("Some_Plugin")
        'some-plugin'
    """
    return re.sub(r"[-_.]+", "-", distribution).strip().lower()


def normal_id(identifier: str) -> str:
    """Return an id with its distribution's name in normal form.

    Example:
        >>> normal_id("Some_Plugin:l2"), normal_id("l2")
        ('some-plugin:l2', 'l2')
    """
    owner, colon, name = identifier.rpartition(":")
    return f"{canonical(owner)}{colon}{name}"


def printable(text: str, most: int = 300) -> str:
    """Return what a package says of itself for a terminal: one line, no control characters.

    Example:
        >>> printable("red" + chr(27) + "[31m  alert")
        'red?[31m alert'
    """
    line = " ".join(text[: 4 * most].split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= most else line[: most - 1] + "…"


@dataclass(frozen=True)
class Entry:
    """One registered thing, as its distribution's metadata declares it; nothing is imported.

    Attributes:
        name: The entry's own name, `l2`.
        kind: "technique", "layer", "regularizer", "model" or "ensemble", by its group.
        distribution: The name of the distribution that registers it, in its normal form.
        version: Its version.
        state: "available", "blocked", "not allowed", "invalid name", "duplicate", "incompatible"
            (with this regkit) or "broken".
        target: `module:attribute`.
        reason: Why it is not available, and what to do; empty where it is.
        requires: Which versions of regkit its distribution declares, `>=0.1`; empty where none.
    """

    name: str
    kind: str
    distribution: str
    version: str
    state: str
    target: str
    reason: str = ""
    requires: str = ""

    @property
    def id(self) -> str:
        """The full id, one a kind; a built-in's is its bare name."""
        return self.name if self.distribution == BUILTIN else f"{self.distribution}:{self.name}"

    @property
    def module(self) -> str:
        """The module of the target."""
        return self.target.partition(":")[0]

    @property
    def attribute(self) -> str:
        """The name of the class in it."""
        return self.target.partition(":")[2]

    @property
    def summary(self) -> str:
        """The first sentence of the class's docstring, read from the source, not imported."""
        return printable(source.docstring(self.target).partition("\n\n")[0])

    @property
    def search_words(self) -> tuple[str, ...]:
        """Other names by which people look for it, as its class writes them out; not imported."""
        return tuple(map(printable, source.words(self.target, "search_words")))
