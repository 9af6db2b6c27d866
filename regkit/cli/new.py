"""`regkit new`: a plugin to begin with, which installs, passes the checks and has a page."""

from __future__ import annotations

import argparse

from regkit.cli.commands import Commands
from regkit.cli.text_columns import table
from regkit.core.registry.entry import KINDS
from regkit.scaffold import plugin_kinds as kinds
from regkit.scaffold.plugin_kinds import DEFAULT_STAGE, STAGES
from regkit.scaffold.writing import Plugin, create, planned

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit new my-plugin
  regkit new my-plugin --stage update --class MaxNorm
  regkit new my-plugin --stage penalty
  regkit new my-layers --kind layer --class Gain

It writes a folder of that name with a package that registers one small technique (or layer, …),
tests that run regkit's checks on it, and a page of documentation. Change it into your own: a
technique of each stage has mathematics to begin with, under the class name that is given. The
technique's registered name follows from that: MaxNorm is my-plugin:max_norm. Nothing that exists is
overwritten.
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "new",
        help="write a plugin of your own to begin with: package, tests, documentation",
        description="Write a plugin of your own to begin with: package, tests, documentation.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "name", metavar="NAME", help="its name for pip: letters, digits and '-', as my-plugin"
    )
    command.add_argument(
        "--kind",
        metavar="KIND",
        default="technique",
        help=f"what it registers: {', '.join(KINDS.values())} (default: technique)",
    )
    command.add_argument(
        "--stage",
        metavar="STAGE",
        help=f"where a technique acts in the training step: {', '.join(STAGES)} "
        f"(default: {DEFAULT_STAGE})",
    )
    command.add_argument(
        "--class",
        dest="cls",
        metavar="CLASS",
        help="the name of its class, as MaxNorm (default: that of the example it begins with)",
    )
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the plugin, and say what was made and what to do next."""
    plugin = planned(chosen.name, kinds.chosen(chosen.kind, chosen.stage, chosen.cls))
    create(plugin)
    print(_as_text(plugin))
    return 0


def _as_text(plugin: Plugin) -> str:
    made, part = plugin.distribution, plugin.part
    rows = [[f"  {path}", said] for path, (_, said) in plugin.files().items() if said]
    return "\n".join(
        [
            f"Made {made}, a plugin with the {part.kind} {plugin.id}, in {plugin.folder}/",
            table(rows),
            "Next:",
            f'  pip install --editable "./{made}[test]"',
            f"  python -m pytest {made}",
            f"  regkit show {plugin.id}",
        ]
    )
