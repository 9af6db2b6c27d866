"""Imports run one way: ops → core → techniques → comparison → cli; chapters apart; light at the top."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[2] / "regkit"
LEVELS = [
    "ops",
    "core",
    "data",
    "techniques",
    "augmenting",
    "models",
    "ensembles",
    "comparison",
    "auditing",
    "cli",
]
TESTING_IMPORTS = (
    "ops",
    "core",
    "testing",
    "types",
)  # what plugins are checked by knows no technique
BACKENDS = {"tensorflow", "jax", "torch"}
MODULES = sorted(ROOT.rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def level(module):
    part = module.split(".")[1] if module.count(".") else ""
    return LEVELS.index(part) if part in LEVELS else None


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    name = ".".join(["regkit", *path.relative_to(ROOT).with_suffix("").parts])
    for other in imported(path):
        if other.startswith("regkit.") and level(name) is not None and level(other) is not None:
            assert level(other) <= level(name), f"{name} imports {other}, which stands above it"
            if name.startswith("regkit.techniques.") and other.startswith("regkit.techniques."):
                assert other.split(".")[2] == name.split(".")[2], f"{name} imports another chapter"
        if name.startswith("regkit.testing") and other.startswith("regkit."):
            assert other.split(".")[1] in TESTING_IMPORTS, f"{name} imports {other}"
        if other.split(".")[0] in BACKENDS:
            # tf.data is a form of data, whatever the backend
            allowed = (
                "regkit.core.seam" in name
                or "regkit.ops.backends" in name
                or name == "regkit.augmenting.tf_data"
            )
            assert allowed, f"{name} imports a backend outside of the seam and ops/backends"
        if other.startswith("keras.src"):
            assert "regkit.core.seam" in name, f"{name} uses Keras' internals outside of the seam"


def test_core_never_imports_a_technique():
    for path in (ROOT / "core").rglob("*.py"):
        assert not [m for m in imported(path) if m.startswith("regkit.techniques")]


def loaded_after(code):
    script = f"import sys; {code}; print('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


@pytest.mark.parametrize(
    "code", ["import regkit", "from regkit.core import registry; registry.entries()"]
)
def test_importing_regkit_imports_no_backend_and_not_keras(code):
    assert not loaded_after(code) & {"keras", "numpy", *BACKENDS}


def test_the_stub_and_the_table_of_public_names_agree():
    import regkit

    stub = ast.parse((ROOT / "__init__.pyi").read_text())
    named = {n.names[0].asname for n in stub.body if isinstance(n, ast.ImportFrom)} | {
        "__version__"
    }
    assert named == set(regkit.__all__)
    for name in regkit.__all__:
        assert getattr(regkit, name) is not None
    with pytest.raises(AttributeError, match="did you mean 'Dropout'"):
        regkit.DropOut  # noqa: B018


def test_no_public_function_shares_a_submodules_name():
    import regkit

    functions = [n for n in regkit.__all__ if not inspect.ismodule(getattr(regkit, n))]
    for name in functions:
        assert not (ROOT / name).exists()
        assert not (ROOT / f"{name}.py").exists()


# Each group of the comparison imports only itself and the groups before it; the files beside the
# groups tie them.
COMPARISON = ("design", "record", "statistics", "fits", "words", "figures", "strengths", "page")


def test_the_groups_of_the_comparison_import_one_way():
    folder = ROOT / "comparison"
    groups = {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}
    assert groups == set(COMPARISON)
    for place, group in enumerate(COMPARISON):
        for path in (folder / group).rglob("*.py"):
            for other in imported(path):
                if other.startswith("regkit.comparison."):
                    assert other.split(".")[2] in COMPARISON[: place + 1], f"{path}: {other}"
