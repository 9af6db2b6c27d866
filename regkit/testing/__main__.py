"""`python -m regkit.testing DIST`: the conformance checks on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from regkit.core.errors import RegkitError
from regkit.core.host.terminal import while_somebody_reads
from regkit.testing.plugin import BACKENDS, LIMIT, check_plugin

__all__ = ["main"]

DESCRIPTION = "Run the conformance checks over everything that an installed distribution registers."
EPILOG = """\
examples:
  python -m regkit.testing my-plugin
  python -m regkit.testing my-plugin --backend jax --check seed --check resume
  python -m regkit.testing my-plugin --json > results.json
  python -m regkit.testing --list

exit codes:
  0 all passed · 1 something failed · 2 asked for what cannot be · 141 nobody reads the output
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks, print the results, and return the exit code."""
    return while_somebody_reads(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.list:
        return _list()
    if chosen.distribution is None:
        parser.error("name a distribution, or --list")
    try:
        report = check_plugin(
            chosen.distribution,
            backends=chosen.backend,
            checks=chosen.check,
            limit=chosen.limit,
        )
    except RegkitError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps([asdict(result) for result in report], indent=2) if chosen.json else report)
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m regkit.testing",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("distribution", nargs="?", metavar="DIST", help="as in `pip show DIST`")
    parser.add_argument(
        "--backend",
        action="append",
        choices=BACKENDS,
        help="by default all that are installed; may be repeated",
    )
    parser.add_argument(
        "--check", action="append", metavar="NAME", help="by default all; may be repeated"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=LIMIT,
        metavar="SECONDS",
        help=f"for a check, and for the imports; by default {LIMIT:g}",
    )
    parser.add_argument("--json", action="store_true", help="an array of results, for programs")
    parser.add_argument("--list", action="store_true", help="list the checks and what they hold")
    return parser


def _list() -> int:
    from regkit.testing.named_checks import chosen  # this imports Keras

    for check in chosen():
        print(f"{check.name:<20} {', '.join(check.kinds):<12} {check.promise}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
