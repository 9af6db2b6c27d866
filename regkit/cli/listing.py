"""`regkit list`: what is registered, without importing it."""

from __future__ import annotations

import argparse
import json
from itertools import groupby

from regkit.cli.commands import Commands
from regkit.cli.text_columns import table
from regkit.core import registry
from regkit.core.errors import RegistryError, suggest

__all__ = ["add", "add_kind", "check_kind", "run"]

FIELDS = ("id", "name", "kind", "distribution", "version", "state", "summary")
EXAMPLES = """\
examples:
  regkit list
  regkit list ridge
  regkit list --kind layer
  regkit list --json | jq -r '.[].id'

A technique's id is its name in a recipe; a plugin's has its distribution before it.
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "list",
        help="the techniques that a recipe can name, and what else is registered",
        description="List everything that regkit and its plugins register; nothing is imported.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "word",
        metavar="WORD",
        nargs="*",
        help="list only what has these words in its name, its sentence or its other names",
    )
    add_kind(command, "list this kind only")
    command.add_argument("--json", action="store_true", help="an array of objects, for programs")
    command.set_defaults(run=run)


def add_kind(command: argparse.ArgumentParser, said: str) -> None:
    """Add `--kind` to a command."""
    kinds = ", ".join(registry.KINDS.values())
    command.add_argument("--kind", metavar="KIND", help=f"{said}: {kinds}")


def check_kind(kind: str | None) -> None:
    """Refuse a kind that there is not.

    Raises:
        RegistryError: with the nearest one.
    """
    kinds = list(registry.KINDS.values())
    if kind is not None and kind not in kinds:
        near = suggest(kind, kinds)
        raise RegistryError(f"no kind is called {kind!r}{near or '.'} Known: {', '.join(kinds)}")


def run(chosen: argparse.Namespace) -> int:
    """Print what is registered, by kind."""
    check_kind(chosen.kind)
    words = " ".join(chosen.word)
    entries = registry.search(words, chosen.kind) if words else registry.entries(chosen.kind)
    if chosen.json:
        rows = [{field: getattr(entry, field) for field in FIELDS} for entry in entries]
        print(json.dumps(rows, indent=2))
        return 0
    blocks = []
    for kind, group in groupby(entries, key=lambda entry: entry.kind):
        lines = table([[entry.id, entry.summary + _state(entry)] for entry in group])
        blocks.append(lines if kind == "technique" or chosen.kind else f"{kind}s\n{lines}")
    print("\n\n".join(blocks) or _nothing(chosen.kind, words))
    return 0


def _nothing(kind: str | None, words: str) -> str:
    if words:
        return f"Nothing that is registered has {words!r}; `regkit list` prints all of it."
    if kind is None:
        return f"Nothing is registered; is {registry.BUILTIN} there?"
    return f"No {kind} is registered; `regkit list` prints what is."


def _state(entry: registry.Entry) -> str:
    return "" if entry.state == "available" else f" [{entry.state}: {entry.reason}]"
