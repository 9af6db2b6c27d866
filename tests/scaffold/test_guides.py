"""The guides for authors: their examples are short, and keep what every plugin must keep."""

import ast
import contextlib
import io
import sys
import types
from pathlib import Path

import pytest

import regkit
from regkit.testing.collecting import subjects
from regkit.testing.jobs import jobs, run
from tests.test_docs import blocks

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
PAGES = {name: GUIDES / f"{name}.md" for name in ("write-a-technique", "publish-a-plugin")}
MOST = 20
# Of an installed plugin with a docstring in full; an example on a page has a line of it.
OF_PLUGINS = ("registration", "startup", "docstring", "example")


def code(page):
    return "\n".join(
        one.body for one in blocks(page) if one.language == "python" and one.mark != "not run"
    )


def classes(page):
    return [one for one in ast.parse(code(page)).body if isinstance(one, ast.ClassDef)]


EXAMPLES = [(name, one.name) for name, page in PAGES.items() for one in classes(page)]


@pytest.mark.backend_free
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_example_has_twenty_lines_at_most(page):
    for one in classes(page):
        assert one.end_lineno - one.lineno + 1 <= MOST, one.name


@pytest.mark.backend_free
def test_every_stage_and_every_kind_has_an_example():
    text = "".join(code(page) for page in PAGES.values())
    methods = ("data", "forward", "target", "penalty", "gradient", "update", "on_epoch_end")
    for method in (*methods, "initial_state", "host_state", "checked_as"):
        assert f"def {method}(" in text
    bases = ("layers.Layer", "regularizers.Regularizer", "Model")
    for base in (*(f"keras.{one}" for one in bases), "RegressorMixin, BaseEstimator"):
        assert f"({base})" in text


@pytest.fixture(scope="module", name="modules")
def modules_fixture(tmp_path_factory):
    """Each page as a module, its examples run."""
    found = {}
    for number, (name, page) in enumerate(PAGES.items()):
        module = found[name] = types.ModuleType(f"page_{number}")
        sys.modules[module.__name__] = module
        with (
            contextlib.chdir(tmp_path_factory.mktemp(name)),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            exec(code(page), vars(module))
    yield found
    for module in found.values():
        del sys.modules[module.__name__]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "name"), EXAMPLES, ids=lambda one: one)
def test_every_example_keeps_the_promises(modules, page, name):
    cls = vars(modules[page])[name]
    found = [job for job in jobs(subjects([cls])) if job[0].name not in OF_PLUGINS]
    assert found or not issubclass(cls, regkit.Technique)
    results = [run(*job) for job in found]
    assert [one for one in results if one.outcome in ("failed", "error")] == []
