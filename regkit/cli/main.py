"""`regkit`: reads the command line and hands over to a command.

Nothing heavy is imported here: `regkit list` and every `--help` start in milliseconds.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from collections.abc import Sequence

from regkit.cli import audit, compare, explain, listing, new, plugins, preview, show
from regkit.core.host.terminal import while_somebody_reads

__all__ = ["main", "parser"]

EXAMPLES = """\
examples:
  regkit compare                            which built-in helps on digits with wrong labels?
  regkit compare "l2(1e-3)" "dropout(0.3)" --data table.csv --target species
  regkit preview "rotation(15) + cutout(2)"
  regkit audit "flip + rotation(30)"        does it make classes look alike?
  regkit list
  regkit show drop_connect
  regkit explain "l2(1e-4) + dropout(0.5)"
  regkit plugins doctor
  regkit new my-plugin
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="regkit",
        description="Regularization for any Keras model.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for command in (compare, preview, audit, listing, show, explain, plugins, new):
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code.

    0: done. 1: an arm failed or was cut short. 2: something was asked that cannot be, with one
    line on standard error. 130: interrupted. 141: nobody reads the output any more.
    """
    try:
        return while_somebody_reads(lambda: _run(arguments))
    except (ValueError, OSError) as error:  # OSError: a folder that cannot be written, say
        print(f"regkit: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("regkit: interrupted; nothing was finished", file=sys.stderr)
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    top = parser()
    chosen = top.parse_args(arguments)
    if chosen.version:
        print(f"regkit {importlib.metadata.version('keras-regkit')}")
        return 0
    if not hasattr(chosen, "run"):
        top.print_help()
        return 0
    return int(chosen.run(chosen))


if __name__ == "__main__":
    sys.exit(main())
