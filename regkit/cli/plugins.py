"""`regkit plugins`: what is installed beside regkit; `regkit plugins doctor`: does it work?"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from itertools import groupby
from typing import Any

from regkit.cli import backends, doctor
from regkit.cli.commands import Commands
from regkit.cli.probe import probe
from regkit.cli.text_columns import table
from regkit.core import registry
from regkit.core.registry import Entry

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit plugins
  regkit plugins --time
  regkit plugins doctor
  REGKIT_PLUGINS=its-distribution regkit plugins
"""


def add(commands: Commands) -> None:
    """Add the command, and `doctor` below it."""
    command = commands.add_parser(
        "plugins",
        help="the installed plugins and their state; plugins doctor imports them",
        description="List the installed distributions that register something; none is imported "
        "without --time.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="an array of objects, for programs")
    command.add_argument(
        "--time", action="store_true", help="import each in a process of its own, and say how long"
    )
    command.set_defaults(run=run)
    doctor.add(command.add_subparsers(title="commands", metavar="COMMAND"))


def run(chosen: argparse.Namespace) -> int:
    """Print a row for each plugin, and why something of it cannot be used."""
    entries = [entry for entry in registry.entries() if entry.distribution != registry.BUILTIN]
    entries.sort(key=lambda entry: entry.distribution)
    seconds = _seconds(entries) if chosen.time else {}
    plugins = [
        _plugin(name, list(group), seconds.get(name))
        for name, group in groupby(entries, key=lambda entry: entry.distribution)
    ]
    if chosen.json:
        print(json.dumps(plugins, indent=2))
    elif plugins:
        print(_as_text(plugins, with_time=chosen.time))
    else:
        print("No plugins are installed. What regkit itself registers: regkit list")
    return 0


def _seconds(entries: list[Entry]) -> dict[str, float]:
    """Return how long the entries of each distribution take to import, beside Keras."""
    backends.choose(None)
    usable = [entry for entry in entries if entry.state == "available"]
    seconds: dict[str, float] = {}
    for entry, outcome in zip(usable, probe(usable, doctor.LIMIT), strict=True):
        if outcome.seconds is not None:
            seconds[entry.distribution] = seconds.get(entry.distribution, 0.0) + outcome.seconds
    return seconds


def _plugin(name: str, entries: list[Entry], seconds: float | None) -> dict[str, Any]:
    fields = ("id", "name", "kind", "state", "reason", "target")
    return {
        "distribution": name,
        "version": entries[0].version,
        "requires": entries[0].requires,
        "state": _state(entries),
        "seconds": seconds,
        "entries": [{field: getattr(entry, field) for field in fields} for entry in entries],
    }


def _state(entries: list[Entry]) -> str:
    states = Counter(entry.state for entry in entries)
    if len(states) == 1:
        return entries[0].state
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _as_text(plugins: list[dict[str, Any]], with_time: bool) -> str:
    heading = ["distribution", "version", "needs regkit", "state"]
    rows = [heading + ["import"] * with_time + ["names"]]
    reasons = []
    for plugin in plugins:
        names = [
            entry["name"] if entry["kind"] == "technique" else f"{entry['name']} ({entry['kind']})"
            for entry in plugin["entries"]
        ]
        time = "-" if plugin["seconds"] is None else f"{plugin['seconds']:.2f} s"
        columns = [plugin["distribution"], plugin["version"], plugin["requires"], plugin["state"]]
        rows.append(columns + [time] * with_time + [", ".join(names)])
        reasons += [
            f"{entry['id']} is {entry['state']}: {entry['reason']}"
            for entry in plugin["entries"]
            if entry["reason"]
        ]
    return "\n\n".join(filter(None, [table(rows), "\n".join(reasons)]))
