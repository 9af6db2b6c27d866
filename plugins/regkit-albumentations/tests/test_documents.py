"""README, docs and docstrings are true: their examples run on every backend."""

import contextlib
import doctest
import importlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
MODULES = sorted(path.stem for path in (ROOT / "regkit_albumentations").glob("*.py"))
BLOCK = re.compile(
    r"^```python\n(.*?)^```$(?:\s*<!-- prints -->\s*^```text\n(.*?)^```$)?", re.S | re.M
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_examples_of_a_document_run(path, tmp_path, monkeypatch):
    """In order, in one namespace; what follows `<!-- prints -->` is what the last one prints."""
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    found = BLOCK.findall(path.read_text(encoding="utf-8"))
    assert found
    for code, output in found:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, path.name, "exec"), names)
        if output:
            assert doctest.OutputChecker().check_output(output, printed.getvalue(), FLAGS), printed


@pytest.mark.parametrize("name", [one for one in MODULES if one != "__init__"])
def test_the_examples_of_docstrings_run(name):
    if name == "pipelines":
        pytest.importorskip("tensorflow")
    module = importlib.import_module(f"regkit_albumentations.{name}")
    failed, _ = doctest.testmod(
        module, extraglobs={"np": importlib.import_module("numpy")}, optionflags=FLAGS
    )
    assert failed == 0
