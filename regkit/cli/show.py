"""`regkit show`: all that a registered name says of itself.

The docstring is read from the source. Options and stages are the class's own, which is imported for
that: a built-in in this process, a plugin in another, where it can crash, hang and print.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import json
import textwrap
from dataclasses import dataclass, field, replace
from typing import Any

from regkit.cli import backends, doctor, listing
from regkit.cli.commands import Commands
from regkit.cli.probe import probe
from regkit.core import registry
from regkit.core.errors import RegistryError, RegkitError
from regkit.core.host.terminal import notes_put_aside
from regkit.core.registry import docstrings, source
from regkit.core.registry.describing import Description, Option, describe
from regkit.core.registry.entry import AVAILABLE, Entry

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit show drop_connect
  regkit show drop_connect --kind layer
  regkit show its-distribution:its_name
  regkit show l2 --json
"""
WIDTH = 96


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "show",
        help="what a technique does, its options with their bounds, its source, an example",
        description="Print all that a registered name says of itself. A plugin is imported in a "
        "process of its own.",
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
    page = _page(_entry(chosen.name, chosen.kind))
    print(json.dumps(_as_object(page), indent=2) if chosen.json else _as_text(page))
    return 0


@dataclass(frozen=True)
class _Page:
    """What is shown of an entry.

    Attributes:
        entry: The entry; its reason says why its class could not be looked at.
        doc: Its docstring, in parts.
        options: The options of its class; none where it could not be looked at.
        stages: The stages at which it may act.
    """

    entry: Entry
    doc: docstrings.Docstring = field(default_factory=docstrings.Docstring)
    options: tuple[Option, ...] = ()
    stages: tuple[str, ...] = ()


def _page(entry: Entry) -> _Page:
    doc = docstrings.parse(source.docstring(entry.target))
    if entry.state != AVAILABLE:
        return _Page(entry, doc)
    try:
        backends.choose(None)
        described = _built_in(entry) if entry.distribution == registry.BUILTIN else _apart(entry)
    except RegistryError as error:
        return _Page(replace(entry, state="broken", reason=str(error)), doc)
    except RegkitError as error:  # no backend, or no Keras: of the class nothing is known
        return _Page(replace(entry, reason=str(error)), doc)
    return _Page(entry, doc, described.options, described.stages)


def _built_in(entry: Entry) -> Description:
    with notes_put_aside():
        return describe(registry.load(entry.id, entry.kind), entry.kind)


def _apart(entry: Entry) -> Description:
    """Return what a plugin's class says, in a process of its own.

    Raises:
        RegistryError: where the class cannot be imported or described, ends the process or hangs.
    """
    (outcome,) = probe([entry], doctor.LIMIT, describe=True)
    if outcome.error:
        raise RegistryError(outcome.error)
    return outcome.description


def _entry(name: str, kind: str | None) -> registry.Entry:
    if kind is not None:
        return registry.known(name, kind)
    for each in registry.KINDS.values():
        with contextlib.suppress(RegistryError):
            return registry.known(name, each)
    kinds = {entry.id: entry.kind for entry in reversed(registry.entries())}
    near = difflib.get_close_matches(name, kinds, n=1, cutoff=0.5)
    return registry.known(name, kinds[near[0]] if near else "technique")  # raises


def _as_object(page: _Page) -> dict[str, Any]:
    fields = ("id", "name", "kind", "distribution", "version", "state", "reason", "summary")
    sections, said = page.doc.sections, page.doc.arguments()
    return {
        **{field: getattr(page.entry, field) for field in fields},
        "description": page.doc.text,
        "stages": list(page.stages),
        "options": [_option(option, said) for option in page.options],
        "raises": sections.get("Raises", ""),
        "references": sections.get("References", ""),
        "example": sections.get("Example", ""),
        "target": page.entry.target,
        "source": source.place(page.entry.target),
    }


def _option(option: Option, said: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {"name": option.name, "required": option.default is None}
    if option.default is not None:
        try:
            given["default"] = ast.literal_eval(option.default)
            json.dumps(given["default"])
        except (ValueError, TypeError, SyntaxError):
            given["default"] = option.default  # of another type: as Python writes it
    rest = {"allowed": option.allowed, "keyword_only": option.keyword_only}
    return {**given, **rest, "description": said.get(option.name, "")}


def _as_text(page: _Page) -> str:
    entry, sections = page.entry, page.doc.sections
    origin = f"{entry.distribution} {entry.version}".rstrip()
    parts = [f"{entry.id}: a {entry.kind} of {origin}".replace("a ensemble", "an ensemble")]
    if entry.state != AVAILABLE:
        parts.append(f"It is {entry.state}: {entry.reason}")
    elif entry.reason:
        parts.append(f"Its options cannot be read: {entry.reason}")
    parts += [textwrap.fill(entry.summary, WIDTH), page.doc.text]
    if page.stages:
        parts.append(f"Stages: {', '.join(page.stages)}")
    if page.options:
        said = page.doc.arguments()
        parts.append("Options:\n" + "\n".join(_option_text(each, said) for each in page.options))
    for heading in ("Args",) * bool(entry.reason) + ("Raises", "References", "Example"):
        if sections.get(heading):
            parts.append(f"{heading}:\n{textwrap.indent(sections[heading], '  ')}")
    parts.append(f"Source: {source.place(entry.target) or 'not to be had'} ({entry.target})")
    parts += [
        f"See also: regkit show {other.id} --kind {other.kind}"
        for other in registry.entries()
        if other.id == entry.id and other.kind != entry.kind
    ]
    return "\n\n".join(part for part in parts if part)


def _option_text(option: Option, said: dict[str, str]) -> str:
    default = " (required)" if option.default is None else f" = {option.default}"
    allowed = f": {option.allowed}" if option.allowed else ""
    indent = " " * 6
    text = said.get(option.name, "")
    text = textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return f"  {option.name}{default}{allowed}" + (f"\n{text}" if text.strip() else "")
