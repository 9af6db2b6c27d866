"""`regkit plugins doctor`: imports plugins in a process of their own and says what is wrong."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from regkit.cli import backends
from regkit.cli.commands import Commands
from regkit.cli.probe import Outcome, probe
from regkit.core import registry
from regkit.core.errors import RegistryError, RegkitError, suggest
from regkit.core.registry import Entry
from regkit.core.registry.entry import canonical
from regkit.core.registry.health import Health, health
from regkit.core.words import counted

__all__ = ["LIMIT", "add", "run"]

LIMIT = 60.0
SHUT_OUT = ("blocked", "not allowed")  # as the user wants it: nothing is wrong
EXAMPLES = """\
examples:
  regkit plugins doctor
  regkit plugins doctor its-distribution --limit 10

exit codes:
  0 all well · 1 something is wrong · 2 asked for what cannot be
"""


def add(commands: Commands) -> None:
    """Add the command to the parser of `regkit plugins`."""
    command = commands.add_parser(
        "doctor",
        help="import every plugin in a process of its own, and say what is wrong",
        description="Import every plugin in a process of its own, and say what is wrong, where, "
        "and what to do.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "distribution", nargs="?", metavar="DIST", help="look at this one only (default: all)"
    )
    command.add_argument(
        "--limit",
        type=float,
        default=LIMIT,
        metavar="SECONDS",
        help=f"how long an import may take, beside Keras (default: {LIMIT:g})",
    )
    command.add_argument("--json", action="store_true", help="an object, for programs")
    backends.add_option(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print what was found; 1 where something is wrong."""
    if not chosen.limit > 0:
        raise RegkitError(f"--limit must be a number of seconds above 0; received {chosen.limit}")
    examined = _asked_for(health(), chosen.distribution)
    names = {about.distribution.name for about in examined}
    entries = [entry for entry in registry.entries() if entry.distribution in names]
    usable = [entry for entry in entries if entry.state == "available"]
    outcomes: dict[Entry, Outcome] = {}
    if usable:
        backends.choose(chosen.backend)
        outcomes = dict(zip(usable, probe(usable, chosen.limit), strict=True))
    reports = [_report(about, entries, outcomes) for about in examined]
    wrong = sum(report["wrong"] for report in reports)
    if chosen.json:
        print(json.dumps({"wrong": wrong, "distributions": reports}, indent=2))
    else:
        print("\n\n".join(_as_text(report) for report in reports))
        count = counted(len(entries), "entry", "entries")
        print(f"\n{f'{wrong} wrong' if wrong else 'All well'}, {count}")
    return 1 if wrong else 0


def _asked_for(examined: list[Health], name: str | None) -> list[Health]:
    if name is None:
        return examined
    names = [about.distribution.name for about in examined]
    if canonical(name) not in names:
        near = suggest(canonical(name), names)
        raise RegistryError(
            f"no installed distribution {name!r} registers anything{near or '.'} "
            f"Known: {', '.join(names)}"
        )
    return [about for about in examined if about.distribution.name == canonical(name)]


def _report(
    examined: Health, entries: list[Entry], outcomes: dict[Entry, Outcome]
) -> dict[str, Any]:
    about = examined.distribution
    rows = [_row(e, outcomes.get(e)) for e in entries if e.distribution == about.name]
    return {
        "distribution": about.name,
        "version": about.version,
        "requires": about.requires,
        "wrong": len(examined.problems) + sum(row["wrong"] for row in rows),
        "problems": examined.problems,
        "notes": examined.notes,
        "entries": rows,
    }


def _row(entry: Entry, outcome: Outcome | None) -> dict[str, Any]:
    shown = outcome or Outcome(error=entry.reason)
    state = entry.state if outcome is None else "broken" if outcome.error else "ok"
    advice = f": REGKIT_BLOCK={entry.distribution} shuts it out, or ask its authors"
    if outcome and outcome.error and outcome.seconds is None:
        shown = Outcome(error=shown.error + advice)  # it took the process with it
    wrong = state not in ("ok", *SHUT_OUT)
    return {"id": entry.id, "kind": entry.kind, "state": state, "wrong": wrong, **asdict(shown)}


def _as_text(report: dict[str, Any]) -> str:
    needs = f", needs regkit {report['requires']}" if report["requires"] else ""
    lines = [f"{report['distribution']} {report['version']}{needs}"]
    for row in report["entries"]:
        time = "" if row["seconds"] is None else f"  {row['seconds']:.2f} s"
        lines.append(f"  {row['state']:<12}  {row['id']} ({row['kind']}){time}")
        lines += [f"{'':16}{row['error']}"] if row["error"] else []
        lines += [f"{'':16}it prints when it is imported"] if row["printed"] else []
    lines += [f"  wrong         {line}" for line in report["problems"]]
    lines += [f"  note          {line}" for line in report["notes"]]
    return "\n".join(lines)
