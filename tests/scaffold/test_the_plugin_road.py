"""The whole road of a plugin: written, changed into a new technique, installed, used, and broken.

The scaffold's technique becomes another by some twenty lines. pip installs it beside regkit, and it
is found, described, explained, compared and checked as a built-in is. Then it is broken in many
ways, and each is found, with a message that says what to do, as the guide has it.
"""

import difflib
import json
import re
from pathlib import Path

import pytest

from regkit.core import registry
from regkit.core.registry.health import health
from regkit.testing.collecting import subjects
from regkit.testing.jobs import jobs, run
from tests.plugins_of_tests import site_fixture  # noqa: F401
from tests.scaffold.environment import Environment, new
from tests.scaffold.plugin_of_road import (
    BROKEN,
    CHANGED,
    ID,
    MISDECLARED,
    NAME,
    PACKAGE,
    WRITTEN,
    changed,
    install_broken,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "publish-a-plugin.md"
MOST = 20  # lines that the author writes over the scaffold's


@pytest.fixture(scope="module", name="folder")
def folder_fixture(tmp_path_factory):
    """The plugin as its author has it: the technique changed, and named wherever it was."""
    folder = new(tmp_path_factory.mktemp("author"), NAME)
    module = folder / "src" / WRITTEN
    module.with_name(Path(CHANGED).name).write_text(changed(module.read_text()))
    (folder / "docs" / "scaled_noise.md").rename(folder / "docs" / "activation_noise.md")
    for path in ("pyproject.toml", f"src/{PACKAGE}/__init__.py", f"tests/test_{PACKAGE}.py"):
        text = (folder / path).read_text()
        text = text.replace("scaled_noise", "activation_noise")
        (folder / path).write_text(text.replace("ScaledNoise", "ActivationNoise"))
    module.unlink()
    return folder


@pytest.fixture(scope="module", name="environment")
def environment_fixture(folder, tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("environment"))
    environment.install(folder)
    return environment


@pytest.mark.backend_free
def test_it_is_a_new_technique_by_twenty_lines(folder, tmp_path):
    before = (new(tmp_path, NAME) / "src" / WRITTEN).read_text()
    after = (folder / "src" / CHANGED).read_text()
    compared = difflib.ndiff(before.splitlines(), after.splitlines())
    added = [line for line in compared if line.startswith("+ ")]
    assert len(added) <= MOST, f"{len(added)} lines"


# -- used --------------------------------------------------------------------------------------


@pytest.mark.backend_free
def test_it_is_listed_and_shown(environment):
    listed = json.loads(environment.regkit("list", "--json"))
    (row,) = [one for one in listed if one["id"] == ID]
    assert (row["kind"], row["state"]) == ("technique", "available")
    assert row["summary"].startswith("Add normal noise to what hidden layers compute")
    shown = environment.regkit("show", ID, KERAS_BACKEND="torch")
    assert "Stages: FORWARD" in shown
    assert "stddev = 0.1: a number in [0, inf) or a LearningRateSchedule" in shown
    assert "activation_noise.py:" in shown


@pytest.mark.backend_free
def test_it_is_explained_and_compared(environment, tmp_path):
    text = f"{ID}(0.1)"
    code = f"import regkit; regkit.explain('{text} + l2')"
    explained = environment.run("-c", code, KERAS_BACKEND="torch").stdout
    assert re.search(r"FORWARD.*activation_noise", explained)
    options = ("--data", "wine", "--splits", "2", "--epochs", "1", "--quiet")
    out = environment.regkit("compare", text, *options, cwd=tmp_path, KERAS_BACKEND="torch")
    assert ID in out
    (results,) = tmp_path.glob("*/results.json")
    assert text in results.read_text(encoding="utf-8")


def checked(environment, *backends):
    code = (
        "from regkit.testing import check_plugin\n"
        f"report = check_plugin({NAME!r}, backends={backends!r})\n"
        "print(report)\n"
        "raise SystemExit(not report.ok)\n"
    )
    done = environment.run("-c", code)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ID}  {backends[0]}" in done.stdout


@pytest.mark.backend_free
def test_it_passes_every_check(environment):
    checked(environment, "torch")


@pytest.mark.slow
def test_it_passes_every_check_on_the_other_backends(environment):
    checked(environment, "jax", "tensorflow")


# -- broken ------------------------------------------------------------------------------------


def rows():
    """Return the rows of the guide's table of what can be wrong: what → found by, says, fix."""
    section = GUIDE.read_text(encoding="utf-8").partition("## When something is wrong\n")[2]
    cells = [re.split(r"(?<!\\)\|", line) for line in section.partition("\n## ")[0].splitlines()]
    return {one[1].strip(): [cell.strip() for cell in one[2:5]] for one in cells if len(one) == 6}


@pytest.mark.backend_free
def test_the_guide_has_a_row_for_each():
    names = [one.name for one in (*BROKEN, *MISDECLARED)]
    assert [name for name in rows() if "---" not in name][1:] == names


def requires_all(text, parts, name):
    for part in parts:
        assert part in text, f"{name}: {part!r} is not in\n{text}"


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name)
def test_what_breaks_it_is_found_with_what_to_do(broken, folder, site):
    """By the check that is for it, in the words of the guide."""
    install_broken(site, (folder / "src" / CHANGED).read_text(), broken)
    registry.refresh()
    (result,) = [run(*job) for job in jobs(subjects(NAME), [broken.check])]
    assert result.outcome == "failed", result.message
    expected, found, fix = re.fullmatch(
        r"expected: (.*)\nfound: (.*)\nto fix: (.*)", result.message, re.DOTALL
    ).groups()
    assert expected
    requires_all(found, broken.says, "found")
    requires_all(fix, broken.fix, "to fix")
    by, said, _ = rows()[broken.name]
    assert by == f"`{broken.check}`"
    requires_all(found, re.findall(r"`([^`]+)`", said), "the guide")


@pytest.mark.backend_free
@pytest.mark.parametrize("broken", MISDECLARED, ids=lambda one: one.name)
def test_what_is_wrong_with_its_metadata_is_found(broken, folder, site):
    """By the registry, without an import, in the words of the guide."""
    install_broken(site, (folder / "src" / CHANGED).read_text(), broken)
    registry.refresh()
    (about,) = [one for one in health() if one.distribution.name == NAME]
    reasons = [one.reason for one in registry.entries() if one.distribution == NAME]
    text = "\n".join([*about.problems, *about.notes, *reasons])
    requires_all(text, broken.says, "found")
    by, said, _ = rows()[broken.name]
    assert by == "`plugins doctor`"
    requires_all(text, re.findall(r"`([^`]+)`", said), "the guide")


@pytest.mark.backend_free
def test_one_that_ends_the_process_costs_one_check(environment, folder):
    """The checks run in processes of their own; so does the doctor."""
    module = next(environment.folder.glob(f"lib/python*/site-packages/{CHANGED}"))
    sound = module.read_text()
    module.write_text("import os\n\nos._exit(7)\n")
    try:
        done = environment.run("-m", "regkit.testing", NAME, "--backend", "torch")
        assert done.returncode == 1
        requires_all(
            done.stdout,
            ["ERROR", "importing what it registers ended the process (exit code 7)"],
            "regkit.testing",
        )
        doctor = environment.run("-m", "regkit.cli.main", "plugins", "doctor", NAME)
        assert doctor.returncode == 1
        requires_all(doctor.stdout, ["importing it ended the process (exit code 7)"], "doctor")
        assert ID in environment.regkit("list")
    finally:
        module.write_text(sound)
