"""What a command's `add` receives, the parser's list of commands, and what several of them add."""

from __future__ import annotations

import argparse
from typing import TypeAlias

__all__ = ["Commands", "add_recipe_on_images"]

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_recipe_on_images(command: argparse.ArgumentParser) -> None:
    """Add a recipe, and the images that it changes."""
    command.add_argument("recipe", metavar="RECIPE", help="techniques, as text")
    command.add_argument(
        "--data",
        default="digits",
        metavar="SOURCE",
        help="digits, mnist, fashion_mnist, cifar10, an .npz, or a folder of images by class "
        "(default: digits)",
    )
