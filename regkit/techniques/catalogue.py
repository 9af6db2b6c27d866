"""The built-in techniques in their reading order, and the arms that comparisons try by default.

A technique says on its class what is said of it anywhere (`default_arms`, `needs`, `search_words`);
its chapter is its folder. Plugins are not in here: installing one changes no default.
"""

from __future__ import annotations

from regkit.core import registry
from regkit.core.technique import Technique

__all__ = ["CHAPTERS", "built_in", "chapter", "default_arms", "place"]

# The order in which people read of the chapters; one that is not named here comes after them.
CHAPTERS = ("penalties", "labels", "noise", "augmentation", "dropout", "early_stopping")


def built_in() -> list[type[Technique]]:
    """Return the classes of the built-in techniques, in their order.

    Example:
        >>> [cls.__name__ for cls in built_in()][:3]
        ['ElasticNet', 'L1', 'L2']
    """
    entries = registry.entries("technique")
    own = [registry.load(entry.id) for entry in entries if entry.distribution == registry.BUILTIN]
    return sorted(own, key=place)


def default_arms() -> dict[str, tuple[str, ...]]:
    """Return the recipes that comparisons try by default, and what each needs of the data.

    Example:
        >>> default_arms()["label_smoothing(0.1|0.3)"]
        ('classes',)
    """
    return {arm: cls.needs for cls in built_in() for arm in cls.default_arms}


def chapter(module: str) -> str:
    """Return the chapter of a technique's module.

    Example:
        >>> chapter("regkit.techniques.penalties.l2")
        'penalties'
    """
    return module.split(".")[2]


def place(cls: type) -> tuple[int, str, str]:
    """Return what a technique is ordered by: the order of chapters, then its class's name."""
    name = chapter(cls.__module__)
    position = CHAPTERS.index(name) if name in CHAPTERS else len(CHAPTERS)
    return position, name, cls.__name__
