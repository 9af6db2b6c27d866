"""`regkit compare`: recipes against a baseline, on repeated splits."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from regkit.cli import backends
from regkit.comparison.design import study_file
from regkit.comparison.design.settings import DEFAULT_NOISE, DEFAULT_OUTPUT, OPTIONS
from regkit.comparison.record.results import check_output
from regkit.core.errors import RegkitError
from regkit.core.host.extras import require

__all__ = ["add", "run"]

EXAMPLES = """\
examples:
  regkit compare
      a technique or two of every chapter at its defaults, on scikit-learn's digits with 30 % of the
      training labels redrawn at random; validation and test labels stay clean
  regkit compare "dropout(0.3)" "both = dropout(0.3) + label_smoothing" --splits 20
  regkit compare "l2(1e-3)" --data table.csv --target species --model my_model.py:build
  regkit compare dropout --data sales.csv.gz --separator semicolon --decimal comma --header no
  regkit compare dropout --data images.npz --labels labels.npz
  regkit compare dropout --data images.npz --model cnn --epochs 20 --output results/images
  regkit compare dropout --data wine --data breast_cancer --data digits
  regkit compare study.toml --jobs 4
  regkit compare study.toml --resume
  regkit compare dropout --data digits --against last/results.json --output now

A model is mlp, cnn or path.py:function; the function takes input_shape (of one example) and
n_classes (None for a regression), and returns a compiled Keras model.

exit codes:
  0 done · 1 an arm failed or was cut short · 2 asked for what cannot be · 3 worse than --against
  130 interrupted; --resume goes on · 141 nobody reads the output any more
"""
NEEDED = ("scipy", "rich", "matplotlib", "sklearn", "jinja2", "pandas", "pyarrow")
SOURCES = "digits, breast_cancer, wine, diabetes, mnist, fashion_mnist, cifar10"


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
        help=f"{SOURCES}, or a path to a table (.csv, .tsv, .txt, .arff, .parquet, also "
        "compressed), an .npz or a folder of images by class; may be given several times "
        "(default: digits)",
    )
    command.add_argument(
        "--model", metavar="MODEL", help="mlp, cnn or path.py:function (default: mlp)"
    )
    for option in OPTIONS:
        command.add_argument(
            "--" + option.name.replace("_", "-"),
            type=option.kind,
            metavar=option.placeholder,
            action="append" if option.name == "ignore" else "store",
            help=option.full_help,
        )
    command.add_argument(
        "--against",
        metavar="FILE",
        help="an earlier results.json: exit code 3 where an arm is worse than there",
    )
    command.add_argument("--force", action="store_true", help="overwrite results in DIR")
    command.add_argument("--resume", action="store_true", help="go on with the study in DIR")
    command.add_argument("--quiet", action="store_true", help="show no progress")
    backends.add_option(command)


def run(chosen: argparse.Namespace) -> int:
    """Run the comparison, print the tables, and say where the files are."""
    require(NEEDED, "compare")
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
    folders = [folder / Path(source).name for source in data] if isinstance(data, list) else []
    for place in (folder, *folders):
        check_output(place, options.get("force", False) or options.get("resume", False))


def _options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `regkit.compare`: of flags, else of the study file, else defaults.

    Raises:
        RegkitError: for a value out of bounds, before a backend is started.
    """
    given = {key: value for key, value in vars(chosen).items() if key not in ("run", "version")}
    for option in OPTIONS:
        if option.name in given:
            option.check(given[option.name])
    recipes = given.pop("recipes", [])
    files = [text for text in recipes if text.endswith(".toml")]
    if files and len(recipes) > 1:
        raise RegkitError(f"a study file stands alone: {files[0]} names the arms itself")
    study = study_file.read(Path(files[0])) if files else {}
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
