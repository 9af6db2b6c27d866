"""`regkit explain`: the training step as it will run with a recipe."""

from __future__ import annotations

import argparse

from regkit.cli import backends
from regkit.cli.commands import Commands

__all__ = ["add", "run"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "explain",
        help="the training step as it will run with a recipe",
        description="Print at which stages of the training step a recipe acts, in order.",
        epilog='example:\n  regkit explain "l2(1e-4) + dropout(0.5)"',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("recipe", metavar="RECIPE", help="techniques, as text")
    backends.add_option(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the explanation."""
    backends.start(chosen.backend)
    from regkit.core.recipe import Recipe  # imports Keras, so only now

    recipe = Recipe(chosen.recipe)
    if not recipe:
        print("There are no techniques: the step is the model's own (regkit list names them).\n")
    print(recipe.explain())
    return 0
