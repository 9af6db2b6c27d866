"""`regkit list`: what is registered, without importing it."""

from __future__ import annotations

import argparse
import json
from typing import Any

from regkit.core import registry

__all__ = ["add", "run"]

FIELDS = ("id", "name", "kind", "distribution", "version", "state", "summary")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "list",
        help="the techniques that a recipe can name",
        description="List every registered technique, built in or of a plugin.",
    )
    command.add_argument("--json", action="store_true", help="an array of objects, for programs")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the registered techniques."""
    rows = [{field: getattr(one, field) for field in FIELDS} for one in registry.entries()]
    if chosen.json:
        print(json.dumps(rows, indent=2))
        return 0
    width = max((len(row["id"]) for row in rows), default=0)
    for row in rows:
        state = "" if row["state"] == "available" else f" [{row['state']}]"
        print(f"{row['id']:<{width}}  {row['summary']}{state}")
    return 0
