"""A plugin of each kind and stage, as `regkit new` writes it, installs, passes its tests, and is
documented."""

import ast
import io
import re
import tokenize
import tomllib

import pytest

from regkit.core import registry
from regkit.core.stages import Stage
from regkit.scaffold.naming import IMPORTED
from regkit.scaffold.plugin_kinds import DEFAULT_STAGE, PARTS, STAGES, chosen
from regkit.scaffold.writing import create, planned
from tests.scaffold.environment import Environment
from tests.test_docs import blocks

pytestmark = pytest.mark.backend_free

ALL = {part.stage or part.kind: part for part in PARTS}
KINDS = list(ALL)
MOST = 20  # lines that are the author's own


@pytest.fixture(scope="module", name="folders")
def folders_fixture(tmp_path_factory):
    """The plugins as they are written."""
    within = tmp_path_factory.mktemp("plugins")
    plans = {kind: planned(f"a-{kind}", part, within) for kind, part in ALL.items()}
    for plan in plans.values():
        create(plan)
    return {kind: plan.folder for kind, plan in plans.items()}


@pytest.fixture(scope="module", name="environment")
def environment_fixture(folders, tmp_path_factory):
    """All of them installed in one environment."""
    environment = Environment(tmp_path_factory.mktemp("environment"))
    environment.install(*folders.values())
    return environment


def test_there_is_one_for_each_kind_of_entry_and_each_stage():
    assert list(dict.fromkeys(part.kind for part in PARTS)) == list(registry.KINDS.values())
    assert [part.stage for part in PARTS if part.kind == "technique"] == list(STAGES)
    assert [stage.name.lower() for stage in Stage] == list(STAGES)
    assert chosen() == chosen("technique", DEFAULT_STAGE)


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


def source(folders, kind):
    """Return the text of a plugin's own module."""
    path = folders[kind] / f"src/a_{kind}/{ALL[kind].module}.py"
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_the_class_is_short_and_says_what_its_page_says(folders, kind):
    part = ALL[kind]
    text = source(folders, kind)
    own = own_lines(text)
    assert len(own) < MOST, f"{len(own)} lines"
    (cls,) = [one for one in ast.parse(text).body if isinstance(one, ast.ClassDef)]
    assert cls.name == part.cls
    assert ast.get_docstring(cls).startswith(part.does)
    page = (folders[kind] / f"docs/{part.module}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {part.cls}\n\n{part.does}")
    methods = {one.name: one for one in cls.body if isinstance(one, ast.FunctionDef)}
    arguments = methods["__init__"].args
    for argument in [*arguments.args[1:], *arguments.kwonlyargs]:
        assert f"| `{argument.arg}` |" in page
    if part.stage:
        acts = "on_epoch_end" if part.stage == "watch" else part.stage
        assert [one for one in (*STAGES, "on_epoch_end") if one in methods] == [acts]
        assert f"the stage {part.stage.upper()}" in " ".join(page.split())


def test_the_names_that_the_modules_import_are_known(folders):
    """They cannot be the name of the class that is written there."""
    trees = [ast.parse(source(folders, kind)) for kind in KINDS]
    found = {
        alias.asname or alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(name for name in found if name[0].isupper()) == list(IMPORTED)


@pytest.mark.parametrize("kind", KINDS)
def test_another_class_name_takes_the_place_of_the_first(tmp_path, kind):
    part = ALL[kind]
    plan = planned("a-plugin", chosen(part.kind, part.stage or None, "OfMyOwn"), tmp_path)
    create(plan)
    assert plan.id == "a-plugin:of_my_own"
    for path in plan.folder.rglob("*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        assert part.cls not in text, path
        if path.suffix == ".py":
            ast.parse(text)
    module = (plan.folder / "src/a_plugin/of_my_own.py").read_text(encoding="utf-8")
    assert "class OfMyOwn(" in module


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
    part = ALL[kind]
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
    for kind, part in ALL.items():
        assert re.search(rf"(?m)^a-{kind} +0\.1\.0 +>=\S+ +available +{part.module}", out)
    assert "All well" in environment.regkit("plugins", "doctor")


def run_tests(environment, folders, backend, *options):
    """Run the tests of all plugins in one process."""
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *folders.values())
    done = environment.run(*words, KERAS_BACKEND=backend, OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_their_tests_pass(environment, folders):
    # The check `startup` begins a process for each plugin; one of them is enough here.
    run_tests(environment, folders, "torch", "-k", "not startup or a-data")


@pytest.mark.parametrize(
    ("backend", "stage"), [("torch", "update"), ("jax", "target"), ("tensorflow", "gradient")]
)
def test_the_conformance_kit_passes(environment, backend, stage):
    """As an author runs it, a stage for each backend."""
    name = f"a-{stage}"
    done = environment.run("-m", "regkit.testing", name, "--backend", backend)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}:" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_their_tests_pass_on_every_backend(environment, folders, backend):
    run_tests(environment, folders, backend)


def test_the_code_of_their_pages_runs(environment, folders, tmp_path):
    """And the READMEs, which show the same."""
    codes = []
    for kind, folder in folders.items():
        (page,) = [b.body for b in blocks(folder / f"docs/{ALL[kind].module}.md") if b.language == "python"]  # fmt: skip
        (readme,) = [b.body for b in blocks(folder / "README.md") if b.language == "python"]
        assert page == readme
        codes.append(page)
    done = environment.run("-c", "\n".join(codes), cwd=tmp_path, KERAS_BACKEND="torch")
    assert done.returncode == 0, done.stderr
