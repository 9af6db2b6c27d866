"""`regkit compare`: recipes against a baseline, on repeated splits."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from regkit.cli import backends
from regkit.comparison import results, studyfile
from regkit.comparison.settings import OPTIONS
from regkit.core.errors import RegkitError
from regkit.core.extras import pip_line

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit compare
      a technique or two of every chapter at its defaults, on scikit-learn's digits with 30 % of the
      training labels redrawn at random; validation and test labels stay clean
  regkit compare "dropout(0.3)" "both = dropout(0.3) + label_smoothing" --splits 20
  regkit compare "l2(1e-3)" --data table.csv --target species --model my_model.py:build
  regkit compare dropout --data images.npz --model cnn --epochs 20 --output results/images
  regkit compare dropout --data wine --data breast_cancer --data digits
  regkit compare study.toml --jobs 4
  regkit compare study.toml --resume
  regkit compare dropout --data digits --against last/results.json --output now

A model is mlp, cnn or path.py:function; the function takes the shape of one example and the
number of classes (None for a regression), and returns a compiled Keras model.

exit codes:
  0 done · 1 an arm failed or was cut short · 2 asked for what cannot be · 3 worse than --against
  130 interrupted; --resume goes on · 141 nobody reads the output any more
"""
DEFAULT_NOISE = 0.3
DEFAULT_OUTPUT = "regkit-results"
NEEDED = ("scipy", "rich", "matplotlib", "sklearn", "jinja2")
SOURCES = "digits, breast_cancer, wine, diabetes, mnist, fashion_mnist, cifar10"
WORDS = (
    ("--target", "COLUMN", "the target column of a .csv, by name or index"),
    ("--task", "TASK", "classification or regression (default: seen from the targets)"),
    ("--model", "MODEL", "mlp, cnn or path.py:function (default: mlp)"),
    ("--output", "DIR", f"results, figures and report.html (default: {DEFAULT_OUTPUT})"),
    ("--against", "FILE", "an earlier results.json: exit code 3 where an arm is worse than there"),
)


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "compare",
        help="which recipe helps, by how much, and how sure is that?",
        description="Compare recipes with training without them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,  # what is not given may come from a study file
    )
    command.set_defaults(run=run)
    command.add_argument(
        "recipes",
        nargs="*",
        metavar="RECIPE",
        help='an arm, as text, or "name = text"; or one study file, FILE.toml',
    )
    command.add_argument(
        "--data",
        action="append",
        metavar="SOURCE",
        help=f"{SOURCES}, or a path to .npz, .csv or a folder of images by class; may be given "
        "several times (default: digits)",
    )
    command.add_argument(
        "--ignore",
        action="append",
        metavar="COLUMN",
        help="a column of a .csv to leave out, by name or index; several with commas, or given "
        "several times",
    )
    for name, place, said in WORDS:
        command.add_argument(name, metavar=place, help=said)
    command.add_argument(
        "--image-size", metavar="PIXELS", help="scale a folder's images, as 64 or 48x64"
    )
    for option in OPTIONS:
        default = "" if option.default is None or "default" in option.help else option.default
        said = option.help + (f" (default: {default})" if default != "" else "")
        flag = "--" + option.name.replace("_", "-")
        command.add_argument(flag, type=option.kind, metavar=option.place, help=said)
    command.add_argument("--force", action="store_true", help="overwrite results in DIR")
    command.add_argument("--resume", action="store_true", help="go on with the study in DIR")
    command.add_argument("--quiet", action="store_true", help="show no progress")
    backends.add_option(command)


def run(chosen: argparse.Namespace) -> int:
    """Run the comparison, print the tables, and say where the files are."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        names = ", ".join(missing)
        raise RegkitError(f"{names} not installed, needed here: {pip_line('compare')}")
    options = _options(chosen)
    quiet, against = options.pop("quiet", False), options.pop("against", None)
    backend = options.pop("backend", None)
    _check_output(options)
    if not quiet:
        print(f"starting {backends.choose(backend)} …", file=sys.stderr)
    backends.start(backend)
    # These import Keras and SciPy, so only now.
    from regkit.comparison.against import Against
    from regkit.comparison.report import Comparison
    from regkit.comparison.run import compare

    earlier = None if against is None else Against(Path(against))
    comparison = compare(progress=not quiet, **options)
    comparison.show()
    print(f"\nWritten to {Path(options['output'])}: report.html, results.json and figures")
    several = [comparison] if isinstance(comparison, Comparison) else comparison
    if earlier is not None and earlier.show(several):
        return 3
    if comparison.interrupted:
        return 130
    return 1 if comparison.failed else 0


def _check_output(options: dict[str, Any]) -> None:
    """Refuse what cannot be written before a backend is started, which takes seconds."""
    folder, data = Path(options["output"]), options["data"]
    folders = [folder / Path(one).name for one in data] if isinstance(data, list) else []
    for one in (folder, *folders):
        results.check_output(one, options.get("force", False) or options.get("resume", False))


def _options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `regkit.compare`: flags before the study file before defaults."""
    given = {key: value for key, value in vars(chosen).items() if key not in ("run", "version")}
    recipes = given.pop("recipes", [])
    files = [one for one in recipes if one.endswith(".toml")]
    if files and len(recipes) > 1:
        raise RegkitError(f"a study file stands alone: {files[0]} names the arms itself")
    study = studyfile.read(Path(files[0])) if files else {}
    if recipes and not files:
        study["recipes"] = recipes
    own = {"build_model": study.pop("model", "mlp"), "recipes": study.pop("arms", None)}
    options = {**own, **study, **given}
    options["build_model"] = options.pop("model", options["build_model"])
    if "data" not in options and options["recipes"] is None:
        options.setdefault("label_noise", DEFAULT_NOISE)
    options.setdefault("output", DEFAULT_OUTPUT)
    data = options.get("data", ["digits"])
    return {**options, "data": data if len(data) > 1 else data[0]}
