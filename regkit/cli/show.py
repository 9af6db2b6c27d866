"""`regkit show`: all that a registered name says of itself, without importing it."""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import json
import textwrap
from typing import Any

from regkit.cli import backends, listing
from regkit.core import registry
from regkit.core.errors import RegistryError, RegkitError
from regkit.core.registry import describing
from regkit.core.registry.describing import Description, Option
from regkit.core.terminal import notes_put_aside

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit show drop_connect
  regkit show drop_connect --kind layer
  regkit show its-distribution:its_name
  regkit show l2 --json
"""
WIDTH = 96


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "show",
        help="what a technique does, its options with their bounds, its source, an example",
        description="Print all that a registered name says of itself; a plugin is not imported.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("name", metavar="NAME", nargs="?", help="a name as regkit list prints it")
    listing.add_kind(command, "where a name is of several kinds (default: the first of these)")
    command.add_argument("--json", action="store_true", help="an object, for programs")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print what there is to say of a name."""
    listing.check_kind(chosen.kind)
    if chosen.name is None:
        raise RegistryError(
            "NAME is missing: name what to show, as in `regkit show l2`; `regkit list` prints the "
            "names"
        )
    entry = _entry(chosen.name, chosen.kind)
    # Bounds are words of regkit's constraints, which import Keras where there are any; without a
    # backend the annotations are shown as they are written.
    with contextlib.suppress(RegkitError):
        backends.choose(None)
    with notes_put_aside():
        found = describing.describe(entry)
    if chosen.json:
        print(json.dumps(_as_object(entry, found), indent=2))
    else:
        print(_as_text(entry, found))
    return 0


def _entry(name: str, kind: str | None) -> registry.Entry:
    if kind is not None:
        return registry.known(name, kind)
    for other in registry.KINDS.values():
        with contextlib.suppress(RegistryError):
            return registry.known(name, other)
    kinds = {one.id: one.kind for one in reversed(registry.entries())}
    near = difflib.get_close_matches(name, kinds, n=1, cutoff=0.5)
    return registry.known(name, kinds[near[0]] if near else "technique")  # raises


def _as_object(entry: registry.Entry, found: Description) -> dict[str, Any]:
    fields = ("id", "name", "kind", "distribution", "version", "state", "reason", "summary")
    sections = found.doc.sections
    return {
        **{field: getattr(entry, field) for field in fields},
        "description": found.doc.text,
        "stages": list(found.stages),
        "options": [_option(one) for one in found.options],
        "raises": sections.get("Raises", ""),
        "references": sections.get("References", ""),
        "example": sections.get("Example", ""),
        "target": entry.target,
        "source": found.place,
    }


def _option(one: Option) -> dict[str, Any]:
    given: dict[str, Any] = {"name": one.name, "required": one.default is None}
    if one.default is not None:
        try:
            given["default"] = ast.literal_eval(one.default)
            json.dumps(given["default"])
        except (ValueError, TypeError, SyntaxError):
            given["default"] = one.default  # an expression, as it is written
    rest = {"allowed": one.allowed, "keyword_only": one.keyword_only}
    return {**given, **rest, "description": one.description}


def _as_text(entry: registry.Entry, found: Description) -> str:
    origin = f"{entry.distribution} {entry.version}".rstrip()
    parts = [f"{entry.id}: a {entry.kind} of {origin}".replace("a ensemble", "an ensemble")]
    if entry.state != "available":
        parts.append(f"It is {entry.state}: {entry.reason}")
    parts += [textwrap.fill(entry.summary, WIDTH), found.doc.text]
    if found.stages:
        parts.append(f"Stages: {', '.join(found.stages)}")
    if found.options:
        parts.append("Options:\n" + "\n".join(_option_text(one) for one in found.options))
    for heading in ("Raises", "References", "Example"):
        if found.doc.sections.get(heading):
            parts.append(f"{heading}:\n{textwrap.indent(found.doc.sections[heading], '  ')}")
    parts.append(f"Source: {found.place or 'not to be had'} ({entry.target})")
    others = [one for one in registry.entries() if one.id == entry.id and one.kind != entry.kind]
    parts += [f"See also: regkit show {one.id} --kind {one.kind}" for one in others]
    return "\n\n".join(part for part in parts if part)


def _option_text(one: Option) -> str:
    default = " (required)" if one.default is None else f" = {one.default}"
    allowed = f": {one.allowed}" if one.allowed else ""
    said = textwrap.fill(
        one.description, WIDTH, initial_indent="      ", subsequent_indent="      "
    )
    return f"  {one.name}{default}{allowed}" + (f"\n{said}" if said.strip() else "")
