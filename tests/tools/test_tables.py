"""One technique, one file: all else that names it is generated, and refused where it differs."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.plugins_of_tests import install
from tools import declared, rows, tables, texts

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[2]
NEEDED = ("regkit", "tools", "docs", "README.md", "pyproject.toml")

TECHNIQUE = '''\
"""The largest weight as a penalty."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from regkit.techniques.penalties.weight_penalty import WeightPenalty
from regkit.types import Number, Tensor

__all__ = ["LargestWeight", "largest_weight"]


def largest_weight(weights: Sequence[Tensor], strength: Number) -> Number:
    """Return strength · max|w|.

    Example:
        >>> float(largest_weight([[1.0, -2.0]], 0.5))
        1.0
    """
    return strength * ops.max([ops.max(ops.abs(weight)) for weight in weights])


class LargestWeight(WeightPenalty):
    """Add the largest absolute weight to the loss, which keeps all of them within a range.

    Args:
        strength: A number of at least 0 or a schedule; 0 leaves the step as it is.
        layers: Which layers; by default all.
        weights: Which weights of them, by name.

    References:
        Somebody and Nobody 2020, On large weights; Goodfellow et al. 2016, Deep Learning.

    Example:
        >>> LargestWeight(0.1)
        LargestWeight(strength=0.1)
    """

    default_arms = ("largest_weight(0.01)",)
    search_words = ("uniform norm",)
    formula = staticmethod(largest_weight)
'''
FILE = "regkit/techniques/penalties/largest_weight.py"

WRITE = """
import sys
from pathlib import Path
from tools.tables import main

def files():
    return {file: file.read_bytes() for file in Path.cwd().rglob("*") if file.suffix != ".pyc" and file.is_file()}

added = Path(sys.argv[1])
text = added.read_text(encoding="utf-8")
first = main(["--check"]), main([]), main(["--check"])
written = files()
added.unlink()
removed = main(["--check"]), main([]), main(["--check"])
bare = files()
added.write_text(text, encoding="utf-8")
main([])
print(*first, *removed, files() == written)
print(*sorted(str(file.relative_to(Path.cwd())) for file in set(written) - set(bare)))
"""
USE = """
import sys
from regkit.cli.main import main

main(["list", "uniform", "norm"])
assert "keras" not in sys.modules
import regkit
from regkit.techniques.catalogue import default_arms
from regkit.testing import parametrize_with_checks

assert str(regkit.Recipe([regkit.LargestWeight(0.1)])) == "largest_weight(0.1)"
assert "largest_weight(0.01)" in default_arms()
wanted = {"docstring", "example", "declared_options", "bad_options", "text", "effect", "zero_strength"}
for case in parametrize_with_checks([regkit.LargestWeight]).args[1]:
    check, subject = case.values
    name = case.id.rpartition("-")[2]
    if name in wanted:
        check(subject)
        print("passed", name)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The part of the repository that matters here, with one technique's file more."""
    folder = tmp_path_factory.mktemp("copy")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            leave_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=leave_out)
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / FILE).write_text(TECHNIQUE, encoding="utf-8")
    return folder


def run(copy, code, *arguments, given="", **environment):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=given,
        env={**os.environ, "PYTHONPATH": str(copy), **environment},
        cwd=copy,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def written(copy):
    return run(copy, WRITE, FILE, KERAS_BACKEND="numpy")


def test_what_is_committed_is_what_the_classes_declare(capsys):
    assert tables.main(["--check"]) == 0, capsys.readouterr().err


def test_one_file_changes_what_is_generated_and_the_script_writes_it(written):
    *said, codes, more = written.stdout.splitlines()
    assert codes == "1 0 0 1 0 0 True", written.stderr
    assert "wrote docs/techniques/largest_weight.md" in said
    assert "The entry points have changed; install again: pip install -e ." in said
    for line in written.stderr.splitlines():  # with the file, and without it again
        assert line.startswith("tables: README.md, docs/index.md, ")
        assert "docs/techniques/largest_weight.md" in line
        assert line.endswith("declare: run `make tables` and commit what it writes")
    assert "removed docs/techniques/largest_weight.md" in said
    assert more == f"docs/techniques/largest_weight.md {FILE}"


def entry_points(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["entry-points"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("pyproject.toml", 'largest_weight = "regkit.techniques.penalties.largest_weight:LargestWeight"'),
        ("regkit/__init__.py", '    "LargestWeight": "regkit.techniques.penalties.largest_weight",'),
        ("regkit/__init__.pyi", "from regkit.techniques.penalties.largest_weight import LargestWeight as LargestWeight"),
        ("README.md", "| [Penalties on weights](regkit/techniques/penalties/README.md) | `ElasticNet`, `L1`, `L2`, `LargestWeight`, `WeightDecay` |"),
        ("docs/index.md", "[`LargestWeight`](techniques/largest_weight.md)"),
        ("docs/reference/techniques.md", "- [`LargestWeight`](../techniques/largest_weight.md): Add the largest absolute weight to the loss, which keeps all of them within a range."),
        ("regkit/techniques/penalties/README.md", "| [`LargestWeight(strength=1e-4)`](largest_weight.py) | `largest_weight` | Add the largest absolute weight to the loss, which keeps all of them within a range. | Somebody and Nobody 2020 |"),
        ("docs/techniques/largest_weight.md", "# LargestWeight"),
        ("docs/techniques/largest_weight.md", "| chapter | [Penalties on weights](../../regkit/techniques/penalties/README.md) |"),
        ("docs/techniques/largest_weight.md", "| in a recipe | `largest_weight(1e-4)` |"),
        ("docs/techniques/largest_weight.md", "| stages | PENALTY |"),
        ("docs/techniques/largest_weight.md", "| also found as | uniform norm |"),
        ("docs/techniques/largest_weight.md", "::: regkit.techniques.penalties.largest_weight.LargestWeight"),
        ("docs/techniques/largest_weight.md", "::: regkit.techniques.penalties.largest_weight.largest_weight"),
    ],
)  # fmt: skip
def test_what_is_generated_names_the_technique(copy, written, file, line):
    assert line in (copy / file).read_text(encoding="utf-8")


def test_the_technique_is_used_checked_and_found(copy, written):
    """As after `pip install -e .`, which writes the entry points where Python finds them."""
    install(copy, "keras-regkit", "0.1.0", groups=entry_points(copy))
    done = run(copy, USE)
    assert done.returncode == 0, done.stderr
    first, *others = done.stdout.splitlines()
    assert first.startswith("largest_weight  Add the largest absolute weight to the loss")
    assert len([line for line in others if line.startswith("passed")]) == 7


# -- what is refused ---------------------------------------------------------------------------

SMALL = '"""Doc."""\nfrom regkit import Technique\n\n\nclass {name}(Technique):\n    """Do it."""\n'
REFUSED = {
    "nothing in it": (
        {"penalties/nothing.py": '"""Doc."""\n'},
        "regkit/techniques/penalties/nothing.py has neither a technique nor a layer: if other "
        "modules of the chapter use it, say so below its docstring in a line `# Helper module: it "
        "has no technique.`",
    ),
    "another name": (
        {"penalties/small.py": SMALL.format(name="Tiny")},
        "regkit/techniques/penalties/small.py declares Tiny: rename the file to tiny.py",
    ),
    "two in a file": (
        {"penalties/small.py": SMALL.format(name="Small") + "\n\nclass Tiny(Small): ...\n"},
        "regkit/techniques/penalties/small.py declares Small and Tiny: give each a file of its own",
    ),
    "one name twice": (
        {"noise/l2.py": SMALL.format(name="L2")},
        "two techniques are called 'l2', in regkit/techniques/noise/l2.py and "
        "regkit/techniques/penalties/l2.py: rename one",
    ),
    "no text": (
        {"noise/small.py": SMALL.format(name="Small") + "    search_words = 'tiny'\n"},
        "Small.search_words must be a tuple of texts, as ('a',); it is 'tiny'",
    ),
    "another's arm": (
        {"noise/small.py": SMALL.format(name="Small") + "    default_arms = ('l2(0.1)',)\n"},
        "Small.default_arms has 'l2(0.1)', which is no recipe of small",
    ),
    "an unknown need": (
        {"noise/small.py": SMALL.format(name="Small") + "    needs = ('sound',)\n"},
        "Small.needs has 'sound'; it may hold 'images' and 'classes'",
    ),
    "no sentence": (
        {"noise/small.py": SMALL.format(name="Small").replace("Do it.", "")},
        "Small has no docstring whose first sentence says what it does",
    ),
    "no page of the chapter": (
        {"tying/__init__.py": "", "tying/small.py": SMALL.format(name="Small")},
        "regkit/techniques/tying has no README.md: write the chapter's page",
    ),
    "an unnamed layer": (
        {"noise/small_layer.py": '"""Doc."""\nimport keras\n\n\nclass Small(keras.layers.Layer): ...\n'},
        "regkit/techniques/noise/small_layer.py: no saved model can name the layer Small: decorate "
        "it with",
    ),
}  # fmt: skip

COLLECT = """
import importlib, json, sys
from pathlib import Path
from tools.declared import RefusedError, declarations

root = Path.cwd()
folder = root / "regkit" / "techniques"
for files in json.loads(sys.stdin.read()):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    try:
        declarations(root)
        print(json.dumps("nothing is refused"))
    except RefusedError as error:
        print(json.dumps(error.problems))
    for name in files:
        (folder / name).unlink()
        module = "regkit.techniques." + name.removesuffix(".py").replace("/", ".")
        sys.modules.pop(module, None)
"""


def test_declarations_that_cannot_be_are_refused_in_words(copy, written):
    given = json.dumps([files for files, _ in REFUSED.values()])
    done = run(copy, COLLECT, given=given, KERAS_BACKEND="numpy")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(REFUSED), done.stderr
    for (_, expected), problems in zip(REFUSED.values(), answers, strict=True):
        assert any(problem.startswith(expected) for problem in problems), (expected, problems)


def test_a_file_without_a_place_for_its_part_is_refused():
    found = declared.declarations(ROOT)
    with pytest.raises(declared.RefusedError, match=r"pyproject.toml must have one place for the"):
        texts.texts(found, lambda file: "")


def test_lines_go_between_their_marks_only():
    text = "a\n# x: begin (make tables)\nold\n# x: end\n# y: begin (make tables)\n# y: end\nb\n"
    filled = texts.between(text, "x", ["new", r"\1"])
    assert filled == text.replace("old", "new\n\\1")
    assert texts.between(filled, "x", ["old"]) == text
    assert texts.between(text, "z", []) is None
    assert texts.between(text + text, "x", []) is None


def test_a_row_keeps_its_columns():
    (cell,) = {rows._cell("max|w|")}
    assert cell == "max\\|w\\|"
