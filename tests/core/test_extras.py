"""What is to be installed is said by lines that work: regkit itself is on no index."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from regkit.core.host.extras import pip_line
from regkit.scaffold.plugin_kinds import chosen
from regkit.scaffold.writing import create, planned

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {
    name: needs
    for name, needs in PROJECT["optional-dependencies"].items()
    if not any(one.startswith("keras-regkit") for one in needs)
}
# `pip install` and what follows it up to the end of the command.
COMMAND = re.compile(r"pip install(?P<words>[^\n`&|;#]*)")
TEXTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "plugins").rglob("*.md"),
    *(ROOT / "regkit").rglob("*.py"),
    *(ROOT / "regkit").rglob("*.md"),
    *(ROOT / "regkit").rglob("*.tmpl"),
]


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_line_names_what_the_extra_needs(extra):
    words = shlex.split(pip_line(extra))
    assert words[:2] == ["pip", "install"]
    assert sorted(words[2:]) == sorted(EXTRAS[extra]), "install again: pip install -e ."


def unpublished(text):
    """Return the words of pip's commands that name regkit, its plugins or a template's package."""
    commands = [one["words"] for one in COMMAND.finditer(text)]
    words = [word.strip("\"'.,:)") for command in commands for word in command.split()]
    return [
        one for one in words if re.match(r"(keras[-_])?regkit\b|\$distribution\b|my-plugin\b", one)
    ]


def test_what_is_unpublished_is_seen():
    assert unpublished('run pip install "keras-regkit[jax]" now') == ["keras-regkit[jax]"]
    assert unpublished("`pip install -U regkit`") == ["regkit"]
    assert unpublished("pip install ./regkit ./plugins/regkit-adversarial") == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_sends_anybody_to_an_index_for_regkit(path):
    assert unpublished(path.read_text(encoding="utf-8")) == []


def test_the_readme_of_a_new_plugin_names_folders(tmp_path):
    plugin = planned("a-plugin", chosen(), tmp_path)
    create(plugin)
    text = (plugin.folder / "README.md").read_text(encoding="utf-8")
    words = [word for one in COMMAND.finditer(text) for word in shlex.split(one["words"])]
    places = [word for word in words if not word.startswith("-")]
    assert places
    assert all(one.startswith((".", "path/to/")) for one in places)
