"""A plugin of each kind, as `regkit new` writes it, installs, passes its tests, and is documented."""

import ast
import io
import re
import tokenize
import tomllib

import pytest

from regkit.core import registry
from regkit.scaffold.kinds import PARTS
from regkit.scaffold.writing import create, planned
from tests.scaffold.environment import Environment
from tests.test_docs import blocks

pytestmark = pytest.mark.backend_free

KINDS = list(PARTS)
MOST = 20  # lines that are the author's own


@pytest.fixture(scope="module", name="folders")
def folders_fixture(tmp_path_factory):
    """The five plugins as they are written."""
    within = tmp_path_factory.mktemp("plugins")
    plans = {kind: planned(f"a-{kind}", kind, within) for kind in KINDS}
    for plan in plans.values():
        create(plan)
    return {kind: plan.folder for kind, plan in plans.items()}


@pytest.fixture(scope="module", name="environment")
def environment_fixture(folders, tmp_path_factory):
    """All of them installed in one environment."""
    environment = Environment(tmp_path_factory.mktemp("environment"))
    environment.install(*folders.values())
    return environment


def test_there_is_one_for_each_kind_of_entry():
    assert [part.kind for part in PARTS.values()] == list(registry.KINDS.values())


# -- as they are written -----------------------------------------------------------------------


def own_lines(text):
    """Return the numbers of the lines of code: no imports, no docstrings, no comments."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    left_out = [
        one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom | ast.Assign)
    ]
    left_out += [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node)
    ]
    gone = {line for one in left_out for line in range(one.lineno, one.end_lineno + 1)}
    spaces = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {one.start[0] for one in tokens if one.type not in spaces and one.string} - gone


@pytest.mark.parametrize("kind", KINDS)
def test_the_class_is_short_and_says_what_its_page_says(folders, kind):
    part = PARTS[kind]
    text = (folders[kind] / f"src/a_{kind}/{part.module}.py").read_text(encoding="utf-8")
    own = own_lines(text)
    assert len(own) < MOST, f"{len(own)} lines"
    (cls,) = [one for one in ast.parse(text).body if isinstance(one, ast.ClassDef)]
    assert cls.name == part.cls
    assert ast.get_docstring(cls).startswith(part.does)
    page = (folders[kind] / f"docs/{part.module}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {part.cls}\n\n{part.does}")
    arguments = next(one.args for one in cls.body if getattr(one, "name", "") == "__init__")
    for argument in [*arguments.args[1:], *arguments.kwonlyargs]:
        assert f"| `{argument.arg}` |" in page


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_filled_in_and_narrow(folders, kind):
    for path in folders[kind].rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert text.endswith("\n")
            assert not text.endswith("\n\n")
            assert "$" not in text
            assert max(map(len, text.splitlines())) <= 100, path


@pytest.mark.parametrize("kind", KINDS)
def test_the_project_file(folders, kind):
    project = tomllib.loads((folders[kind] / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    part = PARTS[kind]
    assert project["name"] == f"a-{kind}"
    assert project["readme"] == "README.md"
    assert project["license"]
    assert project["entry-points"] == {
        part.group: {part.module: f"a_{kind}.{part.module}:{part.cls}"}
    }
    assert "pytest" in project["optional-dependencies"]["test"][0]


# -- installed ---------------------------------------------------------------------------------


def test_they_are_listed_and_nothing_is_wrong_with_them(environment):
    out = environment.regkit("plugins")
    for kind, part in PARTS.items():
        assert re.search(rf"(?m)^a-{kind} +0\.1\.0 +>=\S+ +available +{part.module}", out)
    assert "All well" in environment.regkit("plugins", "doctor")


def run_tests(environment, folders, backend, *options):
    """Run the tests of all plugins in one process."""
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *folders.values())
    done = environment.run(*words, KERAS_BACKEND=backend, OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_their_tests_pass(environment, folders):
    # The check `startup` begins a process for each plugin; one of them is enough here.
    run_tests(environment, folders, "torch", "-k", "not startup or technique")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_their_tests_pass_on_every_backend(environment, folders, backend):
    run_tests(environment, folders, backend)


def test_the_code_of_their_pages_runs(environment, folders, tmp_path):
    """And the READMEs, which show the same."""
    codes = []
    for kind, folder in folders.items():
        (page,) = [b.body for b in blocks(folder / f"docs/{PARTS[kind].module}.md") if b.language == "python"]  # fmt: skip
        (readme,) = [b.body for b in blocks(folder / "README.md") if b.language == "python"]
        assert page == readme
        codes.append(page)
    done = environment.run("-c", "\n".join(codes), cwd=tmp_path, KERAS_BACKEND="torch")
    assert done.returncode == 0, done.stderr
