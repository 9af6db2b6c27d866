import ast
import importlib.metadata
import json
import tomllib
from pathlib import Path

import pytest

from regkit.core import registry
from regkit.core.errors import RegistryError
from regkit.core.technique import Technique

ROOT = Path(__file__).parents[2]


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project["entry-points"]["regkit.techniques"]


def test_the_table_and_the_files_are_equal():
    """Every technique in a file is an entry point, by its own word, and nothing else is."""
    found = {}
    for path in (ROOT / "regkit" / "techniques").rglob("*.py"):
        module = ".".join(["regkit", *path.relative_to(ROOT / "regkit").with_suffix("").parts])
        for node in ast.parse(path.read_text()).body:
            bases = [b.id for b in getattr(node, "bases", []) if isinstance(b, ast.Name)]
            if isinstance(node, ast.ClassDef) and "Technique" in bases:
                found[node.name] = f"{module}:{node.name}"
    assert set(found.values()) == set(declared().values())
    for name, target in declared().items():
        cls = registry.load(name)
        assert f"{cls.__module__}:{cls.__qualname__}" == target
        assert cls.word() == name
        assert issubclass(cls, Technique)


def test_the_installed_metadata_is_current():
    installed = {p.name: p.value for p in importlib.metadata.entry_points(group="regkit.techniques")
                 if p.dist.name == registry.BUILTIN}  # fmt: skip
    assert installed == declared(), "install again: pip install -e ."


def test_entries_have_a_summary_without_importing():
    for entry in registry.entries():
        if entry.distribution == registry.BUILTIN:
            assert entry.summary.endswith(".")
            assert entry.state == "available"
    json.dumps([entry.id for entry in registry.entries()])


def test_unknown_names_suggest():
    with pytest.raises(RegistryError, match="did you mean 'dropout'"):
        registry.load("dropuot")


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A distribution on the path, made by hand: two techniques, one of them broken."""
    info = tmp_path / "some_plugin-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[regkit.techniques]\nl2 = some_plugin_works:Mine\nbroken = some_plugin_broken:Theirs\n"
        "Wrong-Name = some_plugin_works:Mine\n"
    )
    (tmp_path / "some_plugin_works.py").write_text(
        '"""Doc."""\nfrom regkit import Technique\nclass Mine(Technique):\n    """Do mine."""\n'
    )
    (tmp_path / "some_plugin_broken.py").write_text("raise RuntimeError('no such library')\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry.refresh()
    yield
    monkeypatch.undo()
    registry.refresh()


def test_a_plugin_has_its_distribution_before_its_name(plugin):
    assert registry.load("l2").__module__.startswith("regkit.")  # an installed name does not change
    mine = registry.load("some-plugin:l2")
    assert mine.__name__ == "Mine"
    assert registry.identify(mine) == "some-plugin:l2"
    assert registry.find("some-plugin:l2").summary == "Do mine."


def test_a_broken_plugin_breaks_nothing_but_itself(plugin):
    assert "l2" in [entry.id for entry in registry.entries()]
    with pytest.raises(RegistryError) as caught:
        registry.load("some-plugin:broken")
    for part in (
        "some-plugin",
        "1.2",
        "some_plugin_broken:Theirs",
        "no such library",
        "REGKIT_BLOCK",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "state"),
    [("REGKIT_BLOCK", "other, some-plugin", "blocked"), ("REGKIT_PLUGINS", "other", "not allowed")],
)
def test_distributions_can_be_blocked_or_not_allowed(plugin, monkeypatch, variable, value, state):
    monkeypatch.setenv(variable, value)
    registry.refresh()
    with pytest.raises(RegistryError, match=f"1.2 is {state}"):
        registry.load("some-plugin:l2")
    assert registry.load("l2")  # built-ins are always there


def test_a_name_that_breaks_the_rule_is_listed_as_such(plugin):
    states = {entry.name: entry.state for entry in registry.entries()}
    assert states["Wrong-Name"] == "invalid name"
