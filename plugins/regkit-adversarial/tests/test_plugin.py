"""The plugin as one of regkit's: public names only, found by its entry points, all checks pass."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import regkit

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "regkit_adversarial"
PUBLIC = {"regkit", "regkit.testing", "regkit.core.options", "regkit.core.stages"}
IDS = ("regkit-adversarial:fgsm", "regkit-adversarial:virtual_adversarial")

testing = pytest.importorskip("regkit.testing")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_only_public_names_are_used(path):
    for module in imported(path):
        top = module.split(".")[0]
        assert top != "regkit" or module in PUBLIC, f"{module} is not public"
        assert top not in ("tensorflow", "jax", "torch"), "a backend"
        assert not module.startswith("keras.src"), "Keras' internals"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            assert isinstance(node.value, ast.Name), f"{path}:{node.lineno}: {node.attr}"
            assert node.value.id in ("self", "cls"), f"{path}:{node.lineno}: {node.attr}"


def test_importing_it_imports_no_backend():
    code = "import regkit_adversarial, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"keras", "numpy", "tensorflow", "jax", "torch"} & set(done.stdout.split())


@pytest.mark.parametrize("identifier", IDS)
def test_a_recipe_in_text_names_it(identifier):
    recipe = regkit.Recipe(f"{identifier}(0.25) + dropout(0.5)")
    assert str(regkit.Recipe(str(recipe))) == str(recipe)
    assert type(recipe[0]).__module__.startswith("regkit_adversarial.")


if hasattr(testing, "parametrize_with_checks"):

    @testing.parametrize_with_checks("regkit-adversarial")
    def test_every_check_of_regkit_passes(subject, check):
        check(subject)
