"""`regkit preview`: what a recipe makes of images, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from regkit.cli import backends
from regkit.cli.commands import Commands, add_recipe_on_images
from regkit.core.host.extras import require

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit preview "rotation(15) + elastic_distortion(relative_to=28)"
  regkit preview "flip + random_crop(4) + cutout(8)" --data cifar10 --output crops.html
  regkit preview "mix_up(1)" --data photos/ --examples 10 --draws 5 --seed 3
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "preview",
        help="what a recipe makes of images, as a picture",
        description="Show images before a recipe and after it, as training steps would.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_recipe_on_images(command)
    command.add_argument(
        "--output",
        type=Path,
        default=Path("preview.png"),
        metavar="FILE",
        help="a picture (.png) or a page (.html) (default: preview.png)",
    )
    command.add_argument("--examples", type=int, default=6, metavar="N", help="rows (default: 6)")
    command.add_argument(
        "--draws", type=int, default=8, metavar="N", help="changed copies of each (default: 8)"
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    backends.add_option(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the picture, and say where it is."""
    require(("matplotlib", "sklearn", "pandas", "pyarrow"), "compare")
    backends.start(chosen.backend)
    from regkit.previewing.looking import preview  # imports Keras, so only now

    shown = preview(
        chosen.recipe,
        chosen.data,
        n_examples=chosen.examples,
        n_draws=chosen.draws,
        seed=chosen.seed,
    )
    print(f"{shown.note}\n{shown.save(chosen.output)}")
    return 0
