"""What a registered class says of itself, for `regkit show`: read from source, never imported.

Bounds of options are words of regkit's own constraints. An annotation is read, not run: names are
followed through assignments and imports of source, and only regkit's constraints are called, with
literals. What cannot be read so is shown as it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from regkit.core.registry import docstrings, source
from regkit.core.registry.annotations import words
from regkit.core.registry.entry import Entry, printable
from regkit.core.stages import Stage

__all__ = ["Description", "Option", "describe"]

ANCESTORS = 20  # classes that are looked at
_OWN_BASE = ("regkit.core.technique", "Technique")


@dataclass(frozen=True)
class Option:
    """An option, as `__init__` declares it.

    Attributes:
        name: Its name.
        default: The expression of its default; None where it must be given.
        allowed: What it may be, in words.
        keyword_only: Whether it is given by name only.
        description: What the docstring says of it.
    """

    name: str
    default: str | None
    allowed: str
    keyword_only: bool
    description: str


@dataclass(frozen=True)
class Description:
    """What there is to say of a registered class.

    Attributes:
        doc: Its docstring, in parts.
        options: Its options.
        stages: The stages at which a technique may act; its options may choose among them.
        place: `file:line` of its definition, or an empty string where there is no source.
    """

    doc: docstrings.Docstring = field(default_factory=docstrings.Docstring)
    options: tuple[Option, ...] = ()
    stages: tuple[str, ...] = ()
    place: str = ""


def describe(entry: Entry) -> Description:
    """Return what an entry's source says of it.

    Example:
        >>> from regkit.core import registry
        >>> l2 = describe(registry.find("l2"))
        >>> l2.stages, [option.name for option in l2.options]
        (('PENALTY',), ['strength', 'layers', 'weights'])
    """
    found = source.find(entry.module, entry.attribute)
    try:
        return _described(found, entry.kind) if found else Description()
    except RecursionError:  # a source that is written to be deep
        return Description()


def _described(found: source.Class, kind: str) -> Description:
    doc = docstrings.parse(ast.get_docstring(found.node) or "")
    lineage = list(_lineage(found))[:ANCESTORS]
    return Description(
        doc,
        tuple(_options(lineage, doc.arguments())),
        _stages(lineage) if kind == "technique" else (),
        f"{found.source.file}:{found.node.lineno}",
    )


def _lineage(found: source.Class, depth: int = 5) -> Iterator[source.Class]:
    """Yield a class and its bases, as far as their source is found below Keras' and regkit's."""
    yield found
    if not isinstance(found.node, ast.ClassDef) or not depth:
        return
    for base in found.node.bases:
        place = _place_of(base, found.source)
        above = source.find(*place) if place and not place[0].startswith("keras") else None
        if above and (above.source.module, above.node.name) != _OWN_BASE:
            yield from _lineage(above, depth - 1)


def _place_of(base: ast.expr, at: source.Source) -> tuple[str, str] | None:
    if isinstance(base, ast.Name):
        return at.module, base.id
    names = ast.unparse(base).split(".")
    origin = at.imported(names[0])
    if origin is None or not isinstance(base, ast.Attribute):
        return None
    return ".".join([*filter(None, origin), *names[1:-1]]), names[-1]


def _methods(found: source.Class) -> dict[str, ast.FunctionDef]:
    return {one.name: one for one in found.node.body if isinstance(one, ast.FunctionDef)}


def _stages(lineage: list[source.Class]) -> tuple[str, ...]:
    names = {name for one in lineage for name in _methods(one)}
    watches = any(name.startswith("on_") for name in names)
    acts = {stage for stage in Stage if stage.name.lower() in names}
    return tuple(one.name for one in Stage if one in acts or (one is Stage.WATCH and watches))


def _options(lineage: list[source.Class], said: dict[str, str]) -> Iterator[Option]:
    inits = ((one, _methods(one).get("__init__")) for one in lineage)
    at, init = next(((one, init) for one, init in inits if init), (None, None))
    if at is None or init is None:
        return
    given = init.args
    plain = [*given.posonlyargs, *given.args]
    missing: list[Any] = [None] * (len(plain) - len(given.defaults))
    pairs = list(zip(plain, [*missing, *given.defaults], strict=True))[1:]  # without self
    for count, (argument, default) in enumerate(
        [*pairs, *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    ):
        yield Option(
            argument.arg,
            printable(ast.unparse(default)) if default else None,
            printable(words(argument.annotation, at.source)),
            keyword_only=count >= len(pairs),
            description=said.get(argument.arg, ""),
        )
