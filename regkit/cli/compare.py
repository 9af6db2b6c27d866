"""`regkit compare`: recipes against a baseline, on repeated splits."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from regkit.cli import backends
from regkit.core.errors import RegkitError

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit compare
      every built-in at its defaults, on scikit-learn's digits with 30 % of the training labels
      redrawn at random; validation and test labels stay clean
  regkit compare "dropout(0.3)" "dropout(0.3) + label_smoothing" --splits 20
  regkit compare "l2(1e-3)" --data table.csv --target species --model my_model.py:build
  regkit compare dropout --data images.npz --model cnn --epochs 20 --output results/images

A model is mlp, cnn or path.py:function; the function takes the shape of one example and the
number of classes, and returns a compiled Keras model.
"""
DEFAULT_NOISE = 0.3
NEEDED = ("scipy", "rich", "matplotlib")
# Option, type, default, placeholder, help; None is a default that depends on others.
OPTIONS: tuple[tuple[str, type, Any, str, str], ...] = (
    ("--data", str, None, "SOURCE", "digits, or a path to .npz or .csv (default: digits)"),
    ("--target", str, None, "COLUMN", "the label column of a .csv, by name or index"),
    ("--model", str, "mlp", "MODEL", "mlp, cnn or path.py:function (default: mlp)"),
    ("--splits", int, 10, "N", "random splits; each gives one pair (default: 10)"),
    ("--seeds", int, 1, "N", "seeds a split, averaged (default: 1)"),
    ("--epochs", int, 80, "N", "epochs of every arm (default: 80)"),
    ("--batch-size", int, None, "N", "examples a step (default: a quarter of them, 16 to 256)"),
    (
        "--label-noise",
        float,
        None,
        "FRACTION",
        "training labels to redraw (default: 0; where neither data nor recipes are named 0.3)",
    ),
    ("--test-size", float, 0.2, "FRACTION", "tested on (default: 0.2)"),
    ("--validation-size", float, 0.2, "FRACTION", "of the rest, chooses the epoch (default: 0.2)"),
    ("--train-size", int, None, "N", "train on N examples only, where the data fixes the test"),
    ("--seed", int, 0, "N", "the root of all seeds (default: 0)"),
    (
        "--output",
        str,
        "regkit-results",
        "DIR",
        "results.json and figures (default: regkit-results)",
    ),
)


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "compare",
        help="which recipe helps, by how much, and how sure is that?",
        description="Compare recipes with training without them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("recipes", nargs="*", metavar="RECIPE", help="an arm, as text")
    for name, kind, default, place, said in OPTIONS:
        command.add_argument(name, type=kind, default=default, metavar=place, help=said)
    command.add_argument("--force", action="store_true", help="overwrite results in DIR")
    command.add_argument("--quiet", action="store_true", help="show no progress")
    backends.add_option(command)


def run(chosen: argparse.Namespace) -> int:
    """Run the comparison, print the table, and say where the files are."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise RegkitError(
            f'{", ".join(missing)} not installed, needed here: pip install "keras-regkit[compare]"'
        )
    if not chosen.quiet:
        print(f"starting {backends.choose(chosen.backend)} …", file=sys.stderr)
    backends.start(chosen.backend)
    # These import Keras and SciPy, so only now.
    from regkit.comparison.run import DEFAULT_RECIPES, compare

    noise = chosen.label_noise
    if noise is None:
        noise = DEFAULT_NOISE if chosen.data is None and not chosen.recipes else 0.0
    skipped = ("data", "model", "recipes", "label_noise", "quiet", "backend", "run", "version")
    comparison = compare(
        chosen.model,
        chosen.data or "digits",
        chosen.recipes or DEFAULT_RECIPES,
        label_noise=noise,
        progress=not chosen.quiet,
        **{key: value for key, value in vars(chosen).items() if key not in skipped},
    )
    comparison.show()
    print(f"\nWritten to {Path(chosen.output)}: results.json, forest and curves (.svg, .png)")
    if comparison.record.stopped == "interrupted":
        return 130
    return 1 if comparison.record.failures else 0
