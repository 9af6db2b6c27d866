"""`regkit audit`: does an augmentation keep the labels true?"""

from __future__ import annotations

import argparse
from pathlib import Path

from regkit.cli import backends
from regkit.cli.commands import Commands, add_recipe_on_images
from regkit.core.host.extras import require

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit audit "flip + rotation(30)"
  regkit audit "rotation(180)" --data mnist --output audit.html
  regkit audit "rand_augment(2, magnitude=0.5)" --data photos/ --model trained_without.keras

exit status: 0 where no pair of classes is at risk, 1 where one is
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "audit",
        help="does an augmentation keep the labels true?",
        description="Find which classes a recipe makes look like which other ones (a 6 turned by "
        "180 degrees is a 9), and up to which strength it is safe.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_recipe_on_images(command)
    command.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="a .keras file of a model that knows the classes, not trained with the recipe, which "
        "judges too",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a page with pictures (.html), or values (.json)",
    )
    command.add_argument(
        "--examples",
        type=int,
        default=2000,
        metavar="N",
        help="images that are changed and judged (default: 2000)",
    )
    command.add_argument(
        "--rate",
        type=float,
        default=0.05,
        metavar="R",
        help="the increase of a confusion from which on it counts (default: 0.05)",
    )
    command.add_argument(
        "--level", type=float, default=0.05, metavar="A", help="of the tests (default: 0.05)"
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    command.add_argument("--quiet", action="store_true", help="show no progress")
    backends.add_option(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Say what was found; return 1 where a pair of classes is at risk."""
    require(("matplotlib", "sklearn", "pandas", "pyarrow", "rich"), "compare")
    backends.start(chosen.backend)
    from regkit.auditing.audit_run import audit  # imports Keras, so only now
    from regkit.core.model_loading import load_model

    found = audit(
        chosen.recipe,
        chosen.data,
        model=None if chosen.model is None else load_model(chosen.model),
        n_examples=chosen.examples,
        rate=chosen.rate,
        level=chosen.level,
        seed=chosen.seed,
        verbose=int(not chosen.quiet),
    )
    print(found)
    if chosen.output is not None:
        print(f"\n{found.save(chosen.output)}")
    return 0 if found.ok else 1
