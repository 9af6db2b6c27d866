"""The plugins in this repository are built as a stranger's: on documented names only."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
FILES = [path for plugin in PLUGINS for path in plugin.glob("regkit_*/**/*.py")]
REFERENCE = "\n".join(path.read_text() for path in (ROOT / "docs" / "reference").glob("*.md"))
PUBLIC = {
    "regkit",
    "regkit.testing",
    "regkit.core.context",
    "regkit.core.images",
    "regkit.core.motion",
    "regkit.core.options",
    "regkit.core.outside",
    "regkit.core.stages",
    "regkit.ops.geometry",
    "regkit.types",
}
HEAVY = {"keras", "numpy", "tensorflow", "jax", "torch", "albumentations", "cv2"}


def name(path):
    return str(path.relative_to(ROOT / "plugins"))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield node.module


def test_there_are_plugins_and_what_is_public_has_a_page():
    assert {"regkit-adversarial", "regkit-albumentations"} <= {path.name for path in PLUGINS}
    for module in PUBLIC - {"regkit"}:
        assert re.search(rf"\b{module}\b", REFERENCE), f"{module} is in no page of the reference"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_public_names_are_used(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for module in imported(tree):
        assert module.split(".")[0] != "regkit" or module in PUBLIC, f"{module} is not public"
        assert not module.startswith("keras.src"), f"{module} is Keras' own"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr):
            owner = node.value.id if isinstance(node.value, ast.Name) else ast.unparse(node.value)
            assert owner in ("self", "cls"), f"line {node.lineno}: {owner}.{node.attr}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_importing_one_imports_nothing_heavy(plugin):
    package = plugin.name.replace("-", "_")
    code = f"import sys; sys.path.insert(0, {str(plugin)!r}); import {package}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_one_is_a_whole_distribution(plugin):
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    assert project["name"] == plugin.name
    assert any(one.startswith("keras-regkit") for one in project["dependencies"])
    for file in ("README.md", "LICENSE", "CHANGELOG.md"):
        assert (plugin / file).read_text(encoding="utf-8").count("\n") > 3, file
    assert list((plugin / "docs").glob("*.md")), "a page"
    assert "@parametrize_with_checks" in (plugin / "tests" / "test_plugin.py").read_text()
